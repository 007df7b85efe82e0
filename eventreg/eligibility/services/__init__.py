"""Use cases of eligibility: decide, keep the registry of this instance, keep an event's lists."""

from eventreg.eligibility.rules import Identity, Policy, PolicyFault
from eventreg.eligibility.services.deciding import (
    decide,
    decide_for,
    evidence,
    exception,
    open_domain,
    policy_at,
    takes_guests,
)
from eventreg.eligibility.services.lists import (
    add_entry,
    delete_saved,
    import_list,
    remove_entry,
    remove_list,
    save_policy,
)
from eventreg.eligibility.services.registry import (
    Change,
    add_domain,
    compare,
    current_registry,
    forget,
    load_web,
    read_file,
    remove_domain,
    warm_up,
)

__all__ = [
    "Change",
    "Identity",
    "Policy",
    "PolicyFault",
    "add_domain",
    "add_entry",
    "compare",
    "current_registry",
    "decide",
    "decide_for",
    "delete_saved",
    "evidence",
    "exception",
    "forget",
    "import_list",
    "load_web",
    "open_domain",
    "policy_at",
    "read_file",
    "remove_domain",
    "remove_entry",
    "remove_list",
    "save_policy",
    "takes_guests",
    "warm_up",
]
