"""Every module that has tables, imported here, so that the two sets of tables are complete."""

import editorial.models
import kb.models
import search_index.models
import sportello.accounts.models
import sportello.core.lease
import sportello.core.limits
import sportello.core.outbox
import sportello.notifications.models
from sportello.core.db import Base, CountersBase

MODULES = (
    editorial.models,
    kb.models,
    search_index.models,
    sportello.accounts.models,
    sportello.core.lease,
    sportello.core.limits,
    sportello.core.outbox,
    sportello.notifications.models,
)
SITE = Base.metadata
COUNTERS = CountersBase.metadata
