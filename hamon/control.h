/* The control socket: RUN/control.sock, where `hamon <verb>` talks to the monitor. It owns the clients: who they are, what
 * they may do, how much and how long they may hold us up. What a request does is the handler's business.
 *
 * The monitor runs with real-time priority, so nobody may keep it busy: clients are let in, and each is heard, at a bounded
 * rate. A client has one request at a time; when it is answered, it may send the next. A watcher is a client whose answer
 * does not end: a line each time that something happens, until it hangs up. */
#ifndef HAMON_CONTROL_H
#define HAMON_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "hamon/loop.h"
#include "hamon/mono.h"
#include "hamon/reply.h"
#include "hamon/request.h"

enum {
	CONTROL_CLIENTS = 16,
	CONTROL_RESERVED = 4,          /* of them, kept free for those who may operate */
	CONTROL_REPLY_MAX = 256 << 10, /* a status of 1,024 shared IPs fits */
	CONTROL_WATCHERS = 4,
	CONTROL_STREAM_MAX = 64 << 10, /* lines that a watcher has not read yet */
};

#define CONTROL_PATIENCE      (5 * SEC)    /* a request must have arrived, and an answer been taken, within so long */
#define CONTROL_ACCEPT_EVERY  (5 * MSEC)   /* one more client at most */
#define CONTROL_TURN_EVERY    (10 * MSEC)  /* one more request of any client at most: some cost milliseconds */
#define CONTROL_REQUEST_EVERY (100 * MSEC) /* one more request of the same client at most */
#define CONTROL_STREAM_EVERY  (10 * MSEC)  /* what a watcher is told goes out together */

/* No group: matches nobody. */
#define CONTROL_NO_GROUP ((gid_t)-1)

/* What a watcher may follow. */
enum control_topic { CONTROL_PAIR, CONTROL_FRAMES };

/* A permitted and well-formed request. It is answered with control_reply(client, …), at once or later, exactly once, or at
 * once with control_stream(client, …). The client's number is never used again, so that a late answer to a client that left
 * reaches nobody. */
typedef void control_request_fn(void *arg, uint32_t client, const struct control_request *request);

struct control;

enum control_phase {
	CONTROL_FREE,
	CONTROL_LISTENING, /* for its request */
	CONTROL_SERVING,   /* the handler has it */
	CONTROL_ANSWERING, /* the answer is on its way */
	CONTROL_RESTING,   /* answered, and not yet heard again */
	CONTROL_STREAMING, /* a watcher */
	CONTROL_STALLED,   /* a watcher that does not read as fast as it is told */
};

struct control_client {
	struct control *control;
	enum control_phase phase;
	uint32_t id;
	int fd;
	bool may_operate;
	bool last;   /* gone when its answer is out */
	mono_t when; /* LISTENING, ANSWERING: overdue; RESTING: heard again; STREAMING: told, MONO_FAR: there is nothing */
	enum control_topic topic; /* of a watcher */
	uint64_t missed;          /* by a watcher: lines that did not fit, and it was not told of */
	size_t in_n, out_n, out_sent;
	char in[REQUEST_MAX + 1];
	char *out; /* CONTROL_REPLY_MAX bytes */
};

struct control {
	struct loop *loop;
	int fd; /* -1: closed */
	struct sockaddr_un address;
	gid_t observers, operators;
	control_request_fn *fn;
	void *arg;
	mono_t now;       /* as of the last control_tick() */
	mono_t accept_at; /* when the next client is let in; MONO_FAR: whenever one comes */
	mono_t hear_at;   /* whoever speaks before rests until then */
	unsigned next;    /* the client whose turn it is first: the one behind who was heard last */
	uint32_t last_id;
	char *out; /* the clients' output buffers, in one piece */
	struct control_client clients[CONTROL_CLIENTS];
	uint64_t refused, dropped; /* for want of permission or room; for being slow, or out of turn */
};

/* Binds and listens, in place of a leftover socket, and adds itself to the loop. Root alone can connect when there is no
 * group; else everyone can, and is told what he may not. The groups are looked up before, because that may block. 0,
 * -EADDRINUSE: somebody serves this socket, or another -errno; *control is closed then. */
int control_open(struct control *control, struct loop *loop, const char *path, gid_t observers, gid_t operators,
		 control_request_fn *fn, void *arg);

/* Drops every client, and removes the socket. */
void control_close(struct control *control);

/* Once a wake: takes the time, drops whoever is overdue, and hears those who rested. */
void control_tick(struct control *control, mono_t now);

/* When control_tick() next has something to do; MONO_FAR: nothing. */
mono_t control_deadline(const struct control *control);

/* Answers, and puts the reply. NULL (memory ran out) drops the client. */
void control_reply(struct control *control, uint32_t client, struct json_object *reply);

/* Answers with the first line, which it puts, and makes the client a watcher; or refuses, when there are CONTROL_WATCHERS.
 * NULL (memory ran out) drops the client. */
void control_stream(struct control *control, uint32_t client, enum control_topic topic, struct json_object *first);

/* Does anybody watch this? */
bool control_watched(const struct control *control, enum control_topic topic);

/* Tells all who watch this one line, an object that is not empty, and puts it. Who has no room left misses it; the next
 * line that fits bears "dropped": how many were missed before it. NULL (memory ran out) tells nobody. */
void control_push(struct control *control, enum control_topic topic, struct json_object *line);

#endif
