#pragma once

/// The commit this program was built from, or "unknown". Swift settings cannot carry a value; a C definition can.
const char *drain_agent_revision(void);
