/* What the files of the hooks worker tell one another; nobody else includes it:
 *   hooks.c  the process: pipes, configuration, which command's turn it is
 *   lane.c   one command after the other: its output, its end, and who is told
 *   command.c, guard.c  a command's processes        queue.c        orders that wait
 *   lines.c, tale.c     its output, in words         environment.c  what it is told */
#ifndef HAMON_HOOKS_PARTS_H
#define HAMON_HOOKS_PARTS_H

#include <stdbool.h>

#include "hamon/conf/conf.h"
#include "hamon/hooks/command.h"
#include "hamon/hooks/environment.h"
#include "hamon/hooks/lines.h"
#include "hamon/hooks/queue.h"
#include "hamon/loop.h"
#include "hamon/wire/message.h"

/* A command writes so many lines into the log; what follows is only counted, but for the last one. */
enum { LANE_LINES = 50 };

/* Runs one command at a time. */
struct lane {
	struct hooks *hooks;
	bool busy;                /* until the command's processes are gone */
	bool told;                /* how it ended */
	struct message_run order; /* what runs */
	struct command command;
	struct lines lines;
	unsigned said;   /* lines */
	uint32_t unsaid; /* lines since, for there were too many */
	char last[LINES_TEXT];
};

/* Side by side: this node's own commands in the order of its states, the fence that a claim waits for, and the question
 * after the service's health. */
enum lane_kind { LANE_STATES, LANE_FENCE, LANE_HEALTH, LANE__COUNT };

struct hooks {
	const char *node;
	struct loop loop;
	uint64_t generation; /* of the configuration; 0: there is none yet */
	struct conf conf;
	struct conf_errors errors;
	struct queue queue;       /* of LANE_STATES */
	struct message_run fence; /* waits until the one before it has ended; id 0: none does */
	struct lane lanes[LANE__COUNT];
	mono_t health_due;
	bool ending; /* the monitor is gone: what it ordered is carried out, and told to the log */
	bool gone;   /* so is the supervisor */
	struct environment environment;
	struct message message;
};

/* ---- lane.c ---- */

void lane_init(struct lane *lane, struct hooks *hooks);

/* Starts the order's command in an idle lane, by the configuration as it is. Where that cannot be it is told as an end. */
void lane_run(struct lane *lane, const struct message_run *order);

/* Tells the monitor, or a log that outlives it, that an order was not carried out; why: "was not run: …". */
void lane_refuse(struct hooks *hooks, const struct message_run *order, const char *why);

#endif
