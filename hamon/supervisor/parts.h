/* What the files of the supervisor tell one another; nobody else includes it:
 *   supervisor.c  signals, what the monitor says, the loop
 *   start.c       what has to be there before the first child is started
 *   children.c    the monitor and the workers: started, reaped, killed
 *   silence.c     this node silenced: at the start, at the end, and when the monitor does not run
 *   reload.c      another configuration while they run */
#ifndef HAMON_SUPERVISOR_PARTS_H
#define HAMON_SUPERVISOR_PARTS_H

#include <limits.h>
#include <stdbool.h>

#include "hamon/auth.h"
#include "hamon/conf/configuration.h"
#include "hamon/loop.h"
#include "hamon/reply.h"
#include "hamon/supervisor/statedir.h"
#include "hamon/supervisor/supervisor.h"
#include "hamon/supervisor/worker.h"
#include "hamon/wire/message.h"
#include "netlink/lease.h"
#include "netlink/rtnl.h"

/* So long a worker may still write what it has, and a monitor that hung up may still take, once the other end is gone. */
#define SUPERVISOR_LINGER (500 * MSEC)

/* So long a monitor may take to end in good order: it gives the role away and says farewell within some heartbeats;
 * removing 1,000 addresses takes less. */
#define SUPERVISOR_PATIENCE (5 * SEC)

struct supervisor {
	struct configuration_ask ask;
	struct configuration running;
	struct conf_errors errors; /* of the newest reading of the file */
	char conf_path[PATH_MAX], run_dir[PATH_MAX], verbosity[8];
	uint8_t key[AUTH_KEY];
	struct statedir state;
	int reserve_error; /* of the newest attempt to reserve epochs: told once, and tried again and again */
	struct statedir_addresses addresses; /* what this node may have set */
	struct message_operator orders;      /* what operators set on this node */
	struct rtnl rtnl;
	struct lease *lease; /* with the lease off it may be NULL: the kernel knows no nf_tables */
	bool lease_off;      /* as the running monitor has it; a reload waits for the next one */
	struct loop loop;
	int signals; /* signalfd */
	struct worker monitor, workers[WORKER__COUNT];
	bool begun;     /* a monitor was started: from now on failures are logged, not final */
	bool listening; /* the monitor's pipe is in the loop */
	bool met;       /* a monitor of ours heard the peer */
	bool ready;     /* the service manager was told */
	bool stopping;
	bool renewing;          /* the monitor is to end, and to start anew with a later boot number */
	struct message message; /* 17 KiB, and one at a time */
};

/* ---- start.c ---- */

/* Reads the configuration and the key, opens the state directory, removes what an earlier daemon left in the kernel, and
 * asks whether that can keep the lease. Says why not. Returns the process's exit status; EXIT_USAGE and EXIT_NOT_PERMITTED:
 * nothing was touched. */
int supervisor_prepare(struct supervisor *s, const struct run_options *options);

/* Says why, and returns the code. */
int supervisor_refuse(enum exit_code code, const char *why);

/* ---- children.c ---- */

void supervisor_children_init(struct supervisor *s);

/* This node's name in the running configuration. */
const char *supervisor_node_name(const struct supervisor *s);

/* Sends s->message, if there is a monitor, with the descriptor (-1: none). */
void supervisor_tell_monitor(struct supervisor *s, enum message_type type, int descriptor);

/* Hands the running configuration to a worker. */
void supervisor_tell_configuration(struct supervisor *s, int pipe);

/* The monitor's messages are not listened to any more. */
void supervisor_stop_listening(struct supervisor *s);

/* Children that ended, were stopped or continued. */
void supervisor_reap(struct supervisor *s);

/* Starts and kills what is due. 0, or -errno: a reason not to begin at all. */
int supervisor_tend(struct supervisor *s, mono_t now);

/* When a child is to be started or killed; MONO_FAR: what is waited for is an end. */
mono_t supervisor_due(const struct supervisor *s);

/* No monitor, no worker. */
bool supervisor_childless(const struct supervisor *s);

/* ---- silence.c ---- */

/* Another daemon of this cluster in this network namespace would take turns with us in removing what the other one set,
 * whatever its directories are: it is waited for as long as one may take to end, then this one is refused. Says why not.
 * Returns the process's exit status. */
int supervisor_stand_alone(struct supervisor *s);

/* Removes what an earlier daemon left: lease, addresses, table; then asks whether this kernel can keep the lease that the
 * configuration wants, so that a node which must not start is silent by then. Says what, and why not. Returns the process's
 * exit status. */
int supervisor_clear_leftovers(struct supervisor *s);

/* The monitor does not run any more, for a while or for good: the lease ends, then the addresses go. With the lease off
 * nothing is done, unless the daemon is to end. */
void supervisor_silence(struct supervisor *s);

/* Before another monitor starts in the place of one that died. */
void supervisor_make_way(struct supervisor *s);

/* The daemon ends, and leaves nothing behind. */
void supervisor_leave(struct supervisor *s);

/* ---- reload.c ---- */

/* Reads the file again; `asked`: by an operator, who gets the errors. */
void supervisor_reload(struct supervisor *s, bool asked);

/* The monitor's answer to a configuration. */
void supervisor_reloaded(const struct message_reload *reload);

/* ---- supervisor.c ---- */

/* Answers all that the monitor has said. -EAGAIN: for now; -EPIPE: for ever; -EPROTO, or another -errno: it is not what we
 * started. */
int supervisor_hear(struct supervisor *s);

/* The same, by the loop (a loop_fn). */
void supervisor_monitor_says(void *arg, uint32_t events);

#endif
