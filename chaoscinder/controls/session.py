"""One recorded experiment from begin to end: target, recording, baseline; then undo, audit, read-back, judgement and papers."""

import hashlib
import json
import logging
import platform as machine
import uuid
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chaoscinder import runs
from chaoscinder.checks import availability
from chaoscinder.checks.quality import too_fine
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, ChaoscinderError, Refused, SettingsError
from chaoscinder.faults import server
from chaoscinder.faults.target import is_sandbox, resolve
from chaoscinder.model.run import Header
from chaoscinder.model.workload import Target
from chaoscinder.recorder.recording import Recording
from chaoscinder.recovery import audit
from chaoscinder.reports import conclude, terminal
from chaoscinder.runs import RunDirectory, layout
from chaoscinder.settings import Settings
from chaoscinder.waiting import Progress, wait_for

PACKAGES = ("chaostoolkit-cinder", "chaostoolkit", "chaostoolkit-lib", "chaostoolkit-kubernetes", "kubernetes", "openstacksdk", "requests")

logger = logging.getLogger("chaostoolkit")


class Session:
    """What one experiment of ours needs around itself. begin() may refuse; nothing was touched then."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.site = Site(settings)
        self.begun = False
        self._run: RunDirectory | None = None
        self._recording: Recording | None = None

    def begin(self, experiment: Mapping[str, Any], name: str = "") -> None:
        """Find the target, check the application, start recording, and wait out the baseline."""
        fine = too_fine(self.settings.aims, self.settings.rate)
        if fine:
            raise SettingsError(fine[0])
        target = resolve(self.settings, self.site.kubernetes, self.site.openstack)
        look = self.site.web.look()
        if not look.reachable:
            raise Refused(f"the application is not there before the fault: {look.why}")
        self._run = runs.create(Path(self.settings.runs_dir), self._header(experiment), name)
        self.begun = True
        runs.set_live(self._run)
        logger.info("chaoscinder: target %s", _chain(target))
        logger.info("chaoscinder: recording run %s in %s", self._run.header.run_id[:8], self._run.path)
        try:
            self._record(self._run, target)
            self._wait_out_baseline(self._run)
        except ChaoscinderError as error:
            self._run.mark("refused", reason=str(error))
            raise

    def end(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Undo what is open, audit, read back, stop recording, judge, write the papers; the verdict as JSON."""
        run = self._run
        if run is None:
            raise CannotTell("no run was begun, so there is nothing to conclude")
        if told.get("interrupted"):
            run.mark("interrupted", status=told.get("status"))
        for step in (self._undo, self._audit, self._account):
            try:
                step(run)
            except ChaoscinderError as error:
                logger.error("chaoscinder: %s", error)
                run.mark("problem", what=str(error))
        self.close()
        run.write_platform(told)
        record, verdict = conclude.judge(run)
        page = conclude.write(run, record, verdict)[1]
        for line in terminal.render(record, verdict).splitlines():
            logger.info(line)
        logger.info("  page        %s", page)
        return {"run": str(run.path), **conclude.as_json(verdict)}

    def close(self) -> None:
        """Stop recording and close the connections; twice does no harm."""
        if self._recording is not None:
            self._recording.stop()
            self._recording = None
        runs.set_live(None)
        self.site.close()

    def _record(self, run: RunDirectory, target: Target) -> None:
        run.write_target(target)
        run.write_json(layout.BEFORE, audit.take(self.site, target))
        self._recording = Recording(run, self.settings)
        self._recording.start()

    def _header(self, experiment: Mapping[str, Any]) -> Header:
        text = json.dumps(
            {key: value for key, value in experiment.items() if key not in ("configuration", "secrets", "dry")}, sort_keys=True
        )
        seen = self.site.kubernetes.server_version()
        return Header(
            run_id=uuid.uuid4().hex,
            experiment=str(experiment.get("title", "experiment")),
            experiment_sha256=hashlib.sha256(text.encode()).hexdigest(),
            started_at=self.site.clock.wall_now(),
            anchor_s=self.site.clock.monotonic_s(),
            rate=self.settings.rate,
            sandbox=is_sandbox(self.site.kubernetes),
            aims=self.settings.aims,
            versions={"kubernetes server": str(seen.get("gitVersion")), "python": machine.python_version(), **_versions()},
            settings=self.settings.public(),
        )

    def _wait_out_baseline(self, run: RunDirectory) -> None:
        run.mark("baseline_started")
        wanted_s = self.settings.baseline_s
        deadline, progress = self.site.clock.deadline(wanted_s), Progress(self.site.clock)
        while not deadline.passed:
            progress.say(lambda: f"baseline: {deadline.spent_s:.0f} of {wanted_s:g} s")
            self.site.clock.sleep_wall(0.1)
        silent = runs.why_not_recording(run)
        if silent:
            raise CannotTell(f"the baseline was not recorded: {silent}")
        bad = availability.outages(run.read().samples, rate=self.settings.rate)
        if bad:
            run.mark("baseline_not_met", outages=len(bad))
            raise Refused(
                f"the application failed {len(bad)} times in the {wanted_s:g} s before the fault (wanted none): nothing was touched"
            )
        run.mark("baseline_met")

    def _undo(self, run: RunDirectory) -> None:
        if run.open_intents():
            logger.warning("chaoscinder: the rollback left something open; undoing it now")
            server.start_what_was_stopped(self.site, run, self.settings.server_timeout_s)

    def _audit(self, run: RunDirectory) -> None:
        target, record = run.target(), run.read()
        if target is None:
            return
        if record.touched:
            logger.info("chaoscinder: waiting until everything is as before")
        limit_s = self.settings.restore_timeout_s if record.touched else 0.0
        after = audit.wait_until_restored(self.site, target, run.read_json(layout.BEFORE) or {}, record.touched, limit_s)
        run.write_json(layout.AFTER, after)

    def _account(self, run: RunDirectory) -> None:
        if self._recording is None:
            return
        try:
            if run.read().touched:
                self._wait_for_the_application()
        finally:
            self._recording.stop()
        if self.settings.ledger is not None:
            rows = self._recording.account()
            run.write_json(layout.AFTER, {**(run.read_json(layout.AFTER) or {}), "rows": rows})

    def _wait_for_the_application(self) -> None:
        """Wait until it answers, so that the record shows its return and its writes can be read back."""
        wait_for(
            self.site.clock, self.settings.restore_timeout_s, self.site.web.look, until=lambda seen: seen.reachable,
            describe=lambda seen: seen.why, wanted="an answer of the application",
        )  # fmt: skip


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _chain(target: Target) -> str:
    found = f"pod {target.pod}, node {target.node} (server {target.server_id}), volume {target.volume_id}"
    return f"{target.kind} {target.namespace}/{target.workload}: {found}"
