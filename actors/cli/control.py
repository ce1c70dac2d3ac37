"""What a running process does when it is asked over its control socket.

``health``, ``tree``, ``halt``, ``resume`` with its token, ``drain``. Only the process's own
user can open the socket. A halt is one of the operator's and outlives the process; taking
it back needs the token that the halted process shows, so that nobody resumes by habit.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import structlog

import supervisor
from actors.cli.standing import OPERATOR, PERSON
from actors.cli.vitals import drawn, vitals
from actors.runtime.env import Env
from actors.runtime.errors import reason

TOKEN_BITS: Final = 32

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@attrs.define(eq=False, kw_only=True)
class Control:
    """Looks at a running tree, and tells it to halt, to resume or to end."""

    tree: supervisor.Tree
    env: Env
    stop: Callable[[str], None]
    """Drains and ends the process, given who asked."""
    _token: str = attrs.field(init=False, default="")

    @property
    def token(self) -> str:
        """What ``resume`` must say; empty while nothing stands that needs a person."""
        desk = self.tree.trading.desk
        names = {reason.partition(":")[0] for reason in desk.state.reasons}
        if names.isdisjoint(PERSON) and not desk.holds.series() and not desk.groups.shut:
            self._token = ""
        elif not self._token:
            bits = self.env.rng("resume").getrandbits(TOKEN_BITS)
            self._token = f"{bits:0{TOKEN_BITS // 4}x}"
        return self._token

    def halt(self, who: str) -> None:
        """Stop entries until somebody resumes; exits go on. Said twice it is one halt."""
        self.tree.trading.desk.state.halt(OPERATOR, who)

    async def health(self) -> dict[str, Any]:
        """Return how everything is, with the token where the operator has halted it."""
        said = await vitals(self.tree, self.env)
        if self.token:
            said["trading"]["resume_token"] = self.token
        return said

    async def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what one request asks for; whatever goes wrong in it is the answer."""
        try:
            return await self._answer(request)
        except Exception as error:
            # Who asks how we are must never be what ends us.
            log.exception("control.failed", do=str(request.get("do"))[:100])
            return {"ok": False, "error": reason(error)}

    async def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        match request.get("do"):
            case "health":
                return {"ok": True, "health": await self.health()}
            case "tree":
                return {"ok": True, "tree": drawn(self.tree.roster, self.tree.root)}
            case "halt":
                self.halt("ctl")
                return {"ok": True, **self._trading(), "resume_token": self.token}
            case "resume":
                return self._resume(request.get("token"))
            case "drain":
                self.stop("ctl")
                return {"ok": True}
            case _:
                return {"ok": False, "error": "health, tree, halt, resume and drain are all I do"}

    def _resume(self, token: object) -> Mapping[str, Any]:
        if not self.token:
            return {"ok": False, "error": "nothing stands that a person has to take back"}
        if token != self.token:
            return {"ok": False, "error": "not this halt's token; health shows it"}
        for name in PERSON:
            self.tree.trading.desk.state.clear(name)
        self.tree.trading.desk.excuse_holds()
        self.tree.trading.desk.groups.excuse()
        self._token = ""
        return {"ok": True, **self._trading()}

    def _trading(self) -> dict[str, Any]:
        state = self.tree.trading.desk.state
        return {"state": state.value, "reasons": list(state.reasons)}
