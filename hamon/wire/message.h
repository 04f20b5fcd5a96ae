/* What crosses the pipes between hamon's own processes: a closed set of messages with checked lengths. The pipes are
 * SOCK_SEQPACKET pairs, which keep the boundaries and can carry a descriptor beside a message. Both ends are the same
 * binary, so the bodies are plain structs; the header carries a fingerprint of their layout, and a stranger is refused. */
#ifndef HAMON_WIRE_MESSAGE_H
#define HAMON_WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "hamon/core/core.h"

enum message_type {
	/* supervisor → monitor */
	MSG_START,    /* first: boot number, epochs, operator's state; beside it the sealed configuration */
	MSG_RESERVED, /* answer to MSG_RESERVE */
	MSG_RELOAD,   /* beside it a sealed configuration, already checked */
	MSG_WORKER,   /* beside it the monitor's end of a worker's pipe; -> enum worker_kind */
	MSG_STOP,     /* end in good order */
	/* monitor → supervisor */
	MSG_READY,      /* the monitor serves its control socket */
	MSG_RESERVE,    /* raise the epoch mark on disk */
	MSG_OPERATOR,   /* the operator's state, to be kept */
	MSG_ASK_RELOAD, /* `hamon reload` came in over the control socket */
	MSG_RELOADED,   /* answer to MSG_RELOAD */
	/* supervisor → monitor, answer to MSG_ASK_RELOAD that found errors */
	MSG_RELOAD_FAILED,
	/* monitor → supervisor: end me, and start me anew with a boot number above this one */
	MSG_RAISE_BOOT,
	MSG_MET, /* the peer was heard: tell me so when you start me anew */
	/* monitor, supervisor → report */
	MSG_NOTE,
	/* supervisor → report, hooks: MSG_RELOAD, beside it a sealed configuration */
	/* monitor → hooks */
	MSG_RUN, /* a command of the configuration */
	/* hooks → monitor */
	MSG_RAN,  /* it ended; of RUN_HEALTH also unasked */
	MSG_SAID, /* a line that it wrote */
	MSG__COUNT,
};
const char *message_name(enum message_type type);

enum worker_kind { WORKER_REPORT, WORKER_HOOKS, WORKER__COUNT };
const char *worker_name(enum worker_kind kind);

/* The operator's own state of this node, kept across restarts. */
struct message_operator {
	uint8_t paused;
	int64_t paused_until_real; /* wall clock, s; 0: until resume */
	uint32_t disabled_n;       /* shared IPs switched off on this node: address, family; sorted by nothing */
	struct {
		uint8_t family, bytes[16];
	} disabled[CORE_IPS];
};

struct message_start {
	uint64_t boot, epoch_mark, reserved;
	uint64_t generation; /* of the configuration */
	uint8_t met;         /* MSG_MET came in this life of the daemon */
	uint8_t key[32];     /* the pre-shared key */
	struct message_operator orders;
};

struct message_epochs {
	int32_t error;
	uint64_t epoch;
};

struct message_reload {
	uint64_t generation;
	int32_t error;   /* MSG_RELOADED, MSG_RELOAD_FAILED: 0 or errno */
	char text[1024]; /* why not, or what needs a restart; lines end in \n */
};

struct message_worker {
	int32_t kind; /* enum worker_kind */
};

/* What a command is told, in its environment; docs/hamon.conf.5 documents it. */
struct message_run {
	uint64_t generation; /* of the configuration that the monitor means */
	int32_t run;         /* enum run */
	uint32_t id;         /* comes back in MSG_RAN; of RUN_FENCE 0: none is wanted, and none that waits is begun */
	int32_t from, to;    /* enum state */
	int32_t cause;       /* enum cause */
	uint64_t epoch, event;
	int64_t until_ns; /* mono_t: nobody waits for it any longer, and it is not begun then; MONO_FAR */
};

struct message_ran {
	int32_t run;
	uint32_t id;
	int32_t status;    /* of waitpid(2); -1: it was not run, or its end is not known */
	uint8_t timed_out; /* its deadline came, and it was killed */
	int64_t took_ns;
	char text[256]; /* the last line that it wrote, or why it was not run; printable */
};

struct message_said {
	int32_t run;
	uint32_t dropped; /* lines before this one, for there were too many */
	char text[NOTE_TEXT];
};

struct message_note {
	uint64_t number;  /* of this note on this pipe: a gap shows what was dropped */
	uint64_t dropped; /* so far */
	int64_t real_ns;  /* wall clock at the note, for people */
	struct note note;
};

struct message {
	uint32_t layout; /* fingerprint of all bodies' layouts, for both ends to compare */
	uint16_t type;   /* enum message_type */
	uint16_t length; /* of the body */
	union {
		struct message_start start;
		struct message_operator orders;
		struct message_epochs epochs;
		struct message_reload reload;
		struct message_worker worker;
		struct message_note note;
		struct message_run run;
		struct message_ran ran;
		struct message_said said;
	};
};

enum { MESSAGE_HEADER = offsetof(struct message, start) };

/* Fills the header of a message whose body is set, and returns the number of bytes to send. */
size_t message_seal(struct message *message, enum message_type type);

/* 0, or -EPROTO: wrong layout, unknown type, or a length that is not this type's. */
int message_check(const struct message *message, size_t received);

#endif
