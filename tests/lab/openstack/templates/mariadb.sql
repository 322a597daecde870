create database keystone character set utf8mb3;
create database placement character set utf8mb3;
create database glance character set utf8mb3;
create database cinder character set utf8mb3;
create database neutron character set utf8mb3;
create database nova character set utf8mb3;
create database nova_api character set utf8mb3;
create database nova_cell0 character set utf8mb3;
