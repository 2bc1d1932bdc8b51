"""A viewer without a browser: a real session over the dashboard's WebSocket, which times each run of a page."""

import asyncio
import contextlib
import time
from collections.abc import Iterable

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from ocrgen.stress.responses import SHOWN, Chooser, PageRun
from ocrgen.utils.errors import UserError

PATIENCE = 60.0  # seconds that one run may take
ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)


class NoAnswer(UserError):
    """The dashboard cannot be reached, has closed the session, or does not finish a run."""


class Viewer:
    """One session, as a browser holds it: `async with Viewer(url) as viewer`. One request at a time.

    As a browser does, it runs the page's timers (`run_every`), keeps widget values and cached messages, and follows the
    query string. It neither renders nor fetches images. NoAnswer if a run does not end.
    """

    def __init__(self, url: str, patience: float = PATIENCE):
        self.url, self.patience = url, patience
        self.pages: dict[str, str] = {}
        """The navigation: address of a page -> its title, in order; filled by the first visit."""
        self.query = ""
        self.faults: list[str] = []
        """Exceptions of all runs so far, including those of timers."""
        self.runs = 0
        """Finished runs, including those of timers."""
        self._hashes: dict[str, str] = {}
        self._page = self._hash = ""
        self._chosen: dict[str, str] = {}
        self._kept: dict[str, tuple[int, Delta]] = {}
        self._age = 0
        self._timers: dict[str, tuple[float, asyncio.Task]] = {}
        self._answer = self._drawn = PageRun()
        self._end: asyncio.Future | None = None
        self._awaited = ""
        self._begun = False

    async def __aenter__(self) -> "Viewer":
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        options = {"origin": self.url, "subprotocols": ["streamlit"], "max_size": None, "proxy": None}
        try:
            self._socket: ClientConnection = await connect(address, **options)
        except (OSError, WebSocketException) as fault:
            raise NoAnswer(f"There is no dashboard at {self.url}: {fault}.") from fault
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *fault) -> None:
        self._stop_timers()
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
        await self._socket.close()

    async def visit(self, page: str = "", query: str = "") -> PageRun:
        """Go to a page by its address (`FID_and_LFID`; the first page has none), with a query string."""
        self._stop_timers()
        self._chosen.clear()
        self._page, self.query = page, query
        self._hash = self._hashes.get(page, "")
        return await self._ask()

    async def rerun(self) -> PageRun:
        """Run the page again as it stands."""
        return await self._ask()

    async def choose(self, chooser: Chooser, option: str) -> PageRun:
        """Click one option; only the chooser's fragment runs, if it stands in one."""
        self._chosen[chooser.id] = option
        return await self._ask(chooser.fragment)

    async def stay(self, seconds: float) -> None:
        """Stay on the page for a while, its timers running. NoAnswer if the session ends."""
        done, _ = await asyncio.wait([self._listener], timeout=seconds)
        if done:
            self._listener.result()

    async def _ask(self, fragment: str = "") -> PageRun:
        if self._listener.done():
            self._listener.result()
        self._answer, self._awaited, self._begun = PageRun(), fragment, False
        self._end = asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        await self._send(fragment)
        try:
            end = await asyncio.wait_for(self._end, self.patience)
        except TimeoutError:
            raise NoAnswer(f"The page {self._page or 'at the start'} did not end in {self.patience:g} s.") from None
        finally:
            self._end = None
        self._answer.seconds = end - start
        return self._answer

    async def _send(self, fragment: str = "", timer: bool = False) -> None:
        state = ClientState(query_string=self.query, fragment_id=fragment, is_auto_rerun=timer)
        if self._hash:
            state.page_script_hash = self._hash
        else:
            state.page_name = self._page
        state.cached_message_hashes.extend(self._kept)
        for name, option in self._chosen.items():
            state.widget_states.widgets.add(id=name).string_array_value.data.append(option)
        with contextlib.suppress(WebSocketException):  # the listener reports it
            await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _listen(self) -> None:
        try:
            async for data in self._socket:
                now = time.perf_counter()
                if isinstance(data, str):  # the protocol is binary
                    continue
                message = ForwardMsg.FromString(data)
                self._answer.size += len(data)
                self._take(message, now)
            raise NoAnswer("The dashboard has ended the session.")
        except (WebSocketException, NoAnswer) as fault:
            lost = fault if isinstance(fault, NoAnswer) else NoAnswer(f"The session broke off: {fault}.")
            if self._end and not self._end.done():
                self._end.set_exception(lost)
            raise lost from fault

    def _take(self, message: ForwardMsg, now: float) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._take_delta(message.delta)
            if message.metadata.cacheable:
                self._kept[message.hash] = (self.runs, message.delta)
        elif kind == "ref_hash":
            if message.ref_hash not in self._kept:
                self._fault("the server counts on a message that a browser no longer keeps")
                return
            delta = self._kept[message.ref_hash][1]
            self._kept[message.ref_hash] = (self.runs, delta)
            self._take_delta(delta)
        elif kind == "new_session":
            self._begin(message, now)
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
            by_address = {"" if p.is_default else p.url_pathname: p for p in message.navigation.app_pages}
            self._hashes = {address: p.page_script_hash for address, p in by_address.items()}
            self.pages = {address: p.page_name for address, p in by_address.items()}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "page_not_found":
            self._fault(f"there is no page {self._page!r}")
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            self._fault(message.session_event.script_compilation_exception.message)
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop_timers(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self._finish(message, now)

    def _begin(self, message: ForwardMsg, now: float) -> None:
        fragments = message.metadata.run.fragment_ids
        self._age = message.new_session.config.max_cached_message_age
        if not fragments:
            self._stop_timers()
            self._hash = message.new_session.page_script_hash
        if self._end and (not fragments or self._awaited in fragments):
            self._begun, self._drawn = True, self._answer
            self._drawn.begin()
            return
        # A session's runs follow each other, and where a timer's comes at once, the end of the one before it may be
        # left out. What a timer draws is no part of the answer.
        if self._begun:
            self._answered(now)
        self._drawn = PageRun()

    def _take_delta(self, delta: Delta) -> None:
        if fault := self._drawn.take(delta):
            self._fault(fault)

    def _fault(self, text: str) -> None:
        self._drawn.faults.append(text[:SHOWN])
        self.faults.append(text[:SHOWN])

    def _finish(self, message: ForwardMsg, now: float) -> None:
        status, fragments = message.script_finished, message.metadata.run.fragment_ids
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self.runs += 1
        for name, (last, delta) in list(self._kept.items()):
            if self.runs - last > self._age and (not fragments or delta.fragment_id in fragments):
                del self._kept[name]
        if status in ENDED or self._awaited in fragments:
            self._answered(now)

    def _answered(self, now: float) -> None:
        if self._end and not self._end.done():
            self._end.set_result(now)

    def _start_timer(self, fragment: str, interval: float) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(interval)
                await self._send(fragment, timer=True)

        if fragment in self._timers and self._timers[fragment][0] == interval:
            return
        self._stop_timers([fragment])
        self._timers[fragment] = (interval, asyncio.create_task(tick()))

    def _stop_timers(self, fragments: Iterable[str] | None = None) -> None:
        for name in list(self._timers) if fragments is None else fragments:
            if name in self._timers:
                self._timers.pop(name)[1].cancel()
