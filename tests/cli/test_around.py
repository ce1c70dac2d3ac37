"""How long what comes after the tree may take; the rest of it is in ``tests/system``."""

from pathlib import Path
from typing import cast

import trio

import supervisor
from actors.cli.around import DAY_END, LEAST_S, Around
from actors.cli.places import Places
from actors.cli.reload import Reload
from actors.cli.seeds import seeded_day
from actors.config.load import Loaded
from actors.runtime.env import Env
from actors.runtime.loopwatch import LoopWatch
from actors.runtime.memory import run_seeded
from actors.runtime.systemd import Notifier
from actors.sim.synthetic import synthetic_day

PATIENT_S = 120.0


def around(tree: supervisor.Tree, env: Env, folder: Path, watch: LoopWatch) -> Around:
    reload = Reload(
        env=env, source="sim", world=None, credentials=folder, loaded=cast("Loaded", None)
    )
    return Around(
        tree=tree,
        env=env,
        places=Places(socket=folder / "s", health=folder / "h"),
        beside=None,
        stop_when_settled=False,
        drain_s=20.0,
        notifier=Notifier(lambda _data: None),
        watch=watch,
        reload=reload,
    )


def test_the_pages_have_what_the_drain_leaves_and_a_day_s_end_hurries_nobody(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with seeded_day(1, synthetic_day(1, 0.01)) as day:
            with (tmp_path / "log").open("w") as log:
                watch = LoopWatch(now_ns=day.env.now_ns, stall_s=1.0, log=log)
                here = around(day.tree, day.env, tmp_path, watch)
                here.stop(DAY_END)
                assert here.pages_s(PATIENT_S) == PATIENT_S
                here.stop("SIGTERM")
                await trio.sleep(3.0)
                assert here.pages_s(PATIENT_S) == 17.0
                here.stop("SIGTERM")
                await trio.sleep(60.0)
                assert here.pages_s(PATIENT_S) == LEAST_S
                watch.stay()

    run_seeded(1, run)
