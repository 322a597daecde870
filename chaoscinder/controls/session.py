"""One recorded experiment from begin to end: target, recording, baseline; then undo, audit, read-back, judgement and papers."""

import hashlib
import json
import logging
import platform as machine
import uuid
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chaoslib.exceptions import InterruptExecution

from chaoscinder import runs
from chaoscinder.checks import acts, gate
from chaoscinder.checks.quality import too_fine
from chaoscinder.clients.site import Site
from chaoscinder.controls.signals import Signals
from chaoscinder.errors import CannotTell, ChaoscinderError, Refused, SettingsError
from chaoscinder.faults import guard
from chaoscinder.faults.target import check_identity, is_sandbox, resolve
from chaoscinder.model.act import Act
from chaoscinder.model.preflight import Weight
from chaoscinder.model.run import Header
from chaoscinder.model.workload import Target
from chaoscinder.recorder.recording import Recording
from chaoscinder.recovery import audit, undo
from chaoscinder.recovery.guarding import Guarding
from chaoscinder.reports import conclude, terminal
from chaoscinder.runs import RunDirectory, layout
from chaoscinder.settings import Settings
from chaoscinder.waiting import Progress, halt, wait_for

PACKAGES = ("chaostoolkit-cinder", "chaostoolkit", "chaostoolkit-lib", "chaostoolkit-kubernetes", "kubernetes", "openstacksdk", "requests")
AGAIN_S = 60.0  # cluster seconds for the second try of an undo whose first one used up its own limit
CUT_SHORT = (KeyboardInterrupt, SystemExit, InterruptExecution)  # what signals.py lets a signal raise

logger = logging.getLogger("chaostoolkit")


class Session:
    """What one experiment of ours needs around itself. begin() may refuse; nothing was touched then."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.site = Site(settings)
        self.begun = False
        self.ended = False
        self._guarding = Guarding(settings)
        self._signals = Signals(self._guarding.needs_undo, self._guarding.undo_now)
        self._run: RunDirectory | None = None
        self._recording: Recording | None = None

    def begin(self, experiment: Mapping[str, Any], name: str = "") -> None:
        """Find the target, check the application, take the lock, start recording, and wait out the baseline."""
        halt.clear()
        self._signals.install()
        target = self._checked(acts.of_experiment(experiment))
        header = self._header(experiment)
        self._guarding.take_lock(header.run_id)
        self._run = runs.create(Path(self.settings.runs_dir), header, name)
        self.begun = True
        runs.set_live(self._run)
        self._guarding.watch(self._run)
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
        self.ended = True
        self._guarding.stop_watching()
        if told.get("interrupted") or halt.reason:
            run.note("interrupted", status=told.get("status"), reason=halt.reason or ", ".join(self._signals.seen))
        halt.clear()
        for step in (self._undo, self._audit, self._wait_for_the_application, self._read_back, self._clean_up):
            self._go_through(step, run)
        self._stop_recording()
        run.write_platform(told)
        with halt.shelter():
            return self._conclude(run)

    def close(self) -> None:
        """Stop recording, release the lock, close the connections; twice does no harm."""
        with halt.shelter():
            self._stop_recording()
            problem = self._guarding.release()
            if problem:
                logger.error("chaoscinder: %s", problem)
            runs.set_live(None)
            self.site.close()
            self._signals.remove()

    def _go_through(self, step: Callable[[RunDirectory], None], run: RunDirectory) -> None:
        """Take one step of the end; a failure is noted, and a signal cuts this step short, but none of the next ones."""
        try:
            step(run)
        except (ChaoscinderError, OSError) as error:
            logger.error("chaoscinder: %s", error)
            run.note("problem", what=str(error))
        except CUT_SHORT as error:
            run.note("problem", what=f"a signal cut short {step.__name__.strip('_')} ({type(error).__name__})")

    def _stop_recording(self) -> None:
        if self._recording is not None:
            self._recording.stop()
            self._recording = None

    def _conclude(self, run: RunDirectory) -> dict[str, Any]:
        record, verdict = conclude.judge(run)
        page = conclude.write(run, record, verdict)[1]
        for line in terminal.render(record, verdict).splitlines():
            logger.info(line)
        logger.info("  page        %s", page)
        return {"run": str(run.path), **conclude.as_json(verdict)}

    def _checked(self, doing: Sequence[Act]) -> Target:
        """Find the target after everything that speaks against a run was looked at; nothing is touched here."""
        fine = too_fine(self.settings.aims, self.settings.rate)
        if fine:
            raise SettingsError(fine[0])
        check_identity(self.settings, self.site.kubernetes, self.site.openstack)
        self._guarding.refuse_to_begin(self.site)
        target = resolve(self.settings, self.site.kubernetes, self.site.openstack)
        look = self.site.web.look()
        if not look.reachable:
            raise Refused(f"the application is not there before the fault: {look.why}")
        for finding in guard.insist(self.site, acts=doing).findings:
            if finding.weight is Weight.WARNS:
                logger.warning("chaoscinder: preflight %s: %s %s", finding.guard, finding.about, finding.says)
        return target

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
            halt.heed()
            progress.say(lambda: f"baseline: {deadline.spent_s:.0f} of {wanted_s:g} s")
            self.site.clock.sleep_wall(0.1)
        silent = runs.why_not_recording(run)
        if silent:
            raise CannotTell(f"the baseline was not recorded: {silent}")
        seen = gate.baseline(run.read())
        why = seen.why_not(wanted_s)
        if why:
            run.mark("baseline_not_met", outages=seen.outages, unknown=seen.unknown)
            raise Refused(why)
        run.mark("baseline_met")

    def _undo(self, run: RunDirectory) -> None:
        if run.open_intents():
            tried = any(mark.name == "undo_started" for mark in run.read().marks)
            logger.warning("chaoscinder: something is still to be undone; undoing it now")
            undo.everything(self.site, run, min(AGAIN_S, self.settings.server_timeout_s) if tried else self.settings.server_timeout_s)

    def _audit(self, run: RunDirectory) -> None:
        target, record = run.target(), run.read()
        if target is None:
            return
        if record.touched:
            logger.info("chaoscinder: waiting until everything is as before")
        limit_s = self.settings.restore_timeout_s if record.touched else 0.0
        after = audit.wait_until_restored(self.site, target, run.read_json(layout.BEFORE) or {}, record.touched, limit_s)
        run.write_json(layout.AFTER, after)

    def _read_back(self, run: RunDirectory) -> None:
        if self._recording is None:
            return
        self._recording.stop()
        if self.settings.ledger is not None:
            logger.info("chaoscinder: reading back what run %s wrote", run.run_id[:8])
            self._recording.read_back()

    def _clean_up(self, run: RunDirectory) -> None:
        """A step of its own, so that a signal that cuts the reading short leaves no rows."""
        if self._recording is None or self.settings.ledger is None:
            return
        rows = self._recording.clean_up()
        if rows:
            to_finish = f"to finish: chaoscinder recover {run.run_id[:8]}"
            logger.error("chaoscinder: %d rows of this run are left in the application; %s", rows, to_finish)
        run.write_json(layout.AFTER, {**(run.read_json(layout.AFTER) or {}), "rows": rows})

    def _wait_for_the_application(self, run: RunDirectory) -> None:
        """Wait until it answers, so that the record shows its return and its writes can be read back."""
        if self._recording is None or not run.read().touched:
            return
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
