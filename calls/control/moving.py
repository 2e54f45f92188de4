"""What a flow has done to a call beside its reply: a telephone that nobody took the call at is let go."""

import logging
import threading
from contextlib import suppress

from django.db import connection

from calls.control.account import account
from calls.control.acting import region_of
from calls.control.log import record
from calls.flows.run import Order
from calls.models import Call, Leg
from calls.vonage.ncco import Ncco

logger = logging.getLogger(__name__)


def move_on(order: Order, ncco: Ncco) -> None:
    """Have the caller hear this NCCO instead, and the telephone hang up. In a thread: a reply waits for nothing."""
    threading.Thread(target=_move_on, args=(order, ncco), name="moving", daemon=True).start()


def _move_on(order: Order, ncco: Ncco) -> None:
    from calls.vonage.client import VonageError, change  # late: it brings the SDK

    try:
        leg = Leg.objects.filter(uuid=order.move).select_related("call").first()
        there = account(region_of(leg.call) if leg and isinstance(leg.call, Call) else "")
        change(there, order.move, {"action": "transfer", "destination": {"type": "ncco", "ncco": ncco}})
        if leg:
            words = "moved the caller on: the call was not accepted"
            told = {"uuid": order.move, "conversation_uuid": leg.conversation_uuid, "ncco": ncco}
            record({"action": words, "by": "The flow"} | told)
        with suppress(VonageError):  # a telephone that still rang is let go with the move
            change(there, order.let_go, {"action": "hangup"})
    except VonageError as error:  # the caller has gone meanwhile, or both are put through after all
        logger.warning("A call that was not accepted stays as it is: %s", error)
    except Exception:
        logger.exception("A call that was not accepted stays as it is")
    finally:
        connection.close()
