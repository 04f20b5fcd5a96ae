/* The clients of the control socket, each a small machine: listening → serving → answering → resting, and for watchers
 * serving → streaming ⇄ stalled. Whatever a client does, it costs a bounded time and a bounded buffer, and only itself. */
#include "hamon/control.h"

#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEER_GROUPS = 256 }; /* who is in more groups than this counts by his primary group alone */

/* ---- a client ---- */

static void drop(struct control_client *client) {
	loop_remove(client->control->loop, client->fd);
	close(client->fd);
	client->fd = -1;
	client->phase = CONTROL_FREE;
}

/* What the loop wakes us for; EPOLLHUP and EPOLLERR come in any phase. */
static uint32_t phase_events(enum control_phase phase) {
	switch (phase) {
	case CONTROL_LISTENING:
		return EPOLLIN;
	case CONTROL_ANSWERING:
	case CONTROL_STALLED:
		return EPOLLOUT;
	case CONTROL_FREE:
	case CONTROL_SERVING:
	case CONTROL_RESTING:
	case CONTROL_STREAMING:
		return 0;
	}
	return 0;
}

static void enter(struct control_client *client, enum control_phase phase, mono_t when) {
	client->phase = phase;
	client->when = when;
	if (loop_modify(client->control->loop, client->fd, phase_events(phase)) < 0)
		drop(client);
}

static bool is_watcher(const struct control_client *client) {
	return client->phase == CONTROL_STREAMING || client->phase == CONTROL_STALLED;
}

/* The socket took what it has room for. */
static void watcher_sent(struct control_client *client) {
	bool all = client->out_sent == client->out_n;
	if (all)
		client->out_n = client->out_sent = 0;
	client->when = MONO_FAR;
	if (all != (client->phase == CONTROL_STREAMING))
		enter(client, all ? CONTROL_STREAMING : CONTROL_STALLED, MONO_FAR);
}

static void client_send(struct control_client *client) {
	ssize_t sent = send(client->fd, client->out + client->out_sent, client->out_n - client->out_sent,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		drop(client);
		return;
	}
	if (sent > 0)
		client->out_sent += (size_t)sent;
	if (is_watcher(client))
		watcher_sent(client);
	else if (client->out_sent < client->out_n)
		return;
	else if (client->last)
		drop(client);
	else
		enter(client, CONTROL_RESTING, client->control->now + CONTROL_REQUEST_EVERY);
}

/* One line, without its \n; NULL: memory ran out. Valid as long as the object. */
static const char *line_of(struct json_object *object, size_t *length) {
	*length = 0;
	return object ? json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
							  length)
		      : NULL;
}

/* Takes the reply over, and sends what the socket's buffer takes at once. */
static void client_answer(struct control_client *client, struct json_object *reply) {
	size_t length;
	const char *text = line_of(reply, &length);
	bool fits = text && length < CONTROL_REPLY_MAX;
	if (fits) {
		memcpy(client->out, text, length);
		client->out[length] = '\n';
		client->out_n = length + 1;
		client->out_sent = 0;
	}
	json_object_put(reply);
	if (!fits) {
		client->control->dropped++;
		drop(client);
		return;
	}
	enter(client, CONTROL_ANSWERING, client->control->now + CONTROL_PATIENCE);
	if (client->phase == CONTROL_ANSWERING)
		client_send(client);
}

static void client_refuse(struct control_client *client, struct json_object *error) {
	client->control->refused++;
	client->last = true;
	client_answer(client, error);
}

static void client_request(struct control_client *client, size_t length) {
	struct control *control = client->control;
	struct json_object *error = NULL;
	struct control_request request;
	int result = request_parse(client->in, length, &request, &error);
	client->in_n = 0;
	control->hear_at = control->now + CONTROL_TURN_EVERY;
	control->next = (unsigned)(client - control->clients) + 1;
	if (result < 0) {
		client_answer(client, error);
	} else if (request_operates(request.type) && !client->may_operate) {
		client_answer(client,
			      reply_error(EXIT_NOT_PERMITTED, "as root, or as a member of the operators' group",
					  "you may look, but not operate: %s needs more", request_name(request.type)));
	} else {
		enter(client, CONTROL_SERVING, MONO_FAR);
		if (client->phase == CONTROL_SERVING)
			control->fn(control->arg, client->id, &request);
	}
}

static void client_receive(struct control_client *client) {
	ssize_t n = recv(client->fd, client->in + client->in_n, sizeof client->in - client->in_n, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(client);
		return;
	}
	client->in_n += (size_t)n;
	const char *end = memchr(client->in, '\n', client->in_n);
	if (end && end == client->in + client->in_n - 1) {
		client_request(client, client->in_n - 1);
	} else if (end) {
		client_refuse(client, reply_error(EXIT_USAGE, NULL, "one request at a time: wait for its answer"));
	} else if (client->in_n == sizeof client->in) {
		client_refuse(client, reply_error(EXIT_USAGE, NULL, "a request has at most %d bytes", REQUEST_MAX));
	}
}

static void client_ready(void *arg, uint32_t events) {
	struct control_client *client = arg;
	if (events & EPOLLIN && client->control->now < client->control->hear_at)
		enter(client, CONTROL_RESTING, client->control->hear_at);
	else if (events & EPOLLIN)
		client_receive(client);
	else if (events & EPOLLOUT)
		client_send(client);
	else
		drop(client);
}

/* ---- watchers ---- */

/* Appends the line, whole or not at all, and after those that were missed says how many they are. */
static void watcher_tell(struct control_client *client, const char *line, size_t length) {
	char end[64] = "}\n";
	if (client->missed > 0)
		snprintf(end, sizeof end, ",\"dropped\":%llu}\n", (unsigned long long)client->missed);
	size_t begin_n = length - 1, end_n = strlen(end);
	if (client->out_n - client->out_sent + begin_n + end_n > CONTROL_STREAM_MAX) {
		client->missed++;
		return;
	}
	memmove(client->out, client->out + client->out_sent, client->out_n - client->out_sent);
	client->out_n -= client->out_sent;
	client->out_sent = 0;
	memcpy(client->out + client->out_n, line, begin_n);
	memcpy(client->out + client->out_n + begin_n, end, end_n);
	client->out_n += begin_n + end_n;
	client->missed = 0;
	if (client->phase == CONTROL_STREAMING)
		client->when = mono_min(client->when, client->control->now + CONTROL_STREAM_EVERY);
}
static_assert((int)CONTROL_STREAM_MAX <= (int)CONTROL_REPLY_MAX, "a watcher's lines lie in its output buffer");

static unsigned watchers(const struct control *control) {
	unsigned n = 0;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		n += is_watcher(&control->clients[i]);
	return n;
}

static void client_watch(struct control_client *client, enum control_topic topic, struct json_object *first) {
	size_t length;
	const char *text = line_of(first, &length);
	if (!text) {
		client->control->dropped++;
		drop(client);
		return;
	}
	client->topic = topic;
	client->missed = client->out_n = client->out_sent = 0;
	enter(client, CONTROL_STREAMING, client->control->now);
	if (client->phase == CONTROL_STREAMING)
		watcher_tell(client, text, length);
}

/* ---- who it is ---- */

struct rights {
	bool read, operate;
};

static bool in_group(gid_t wanted, gid_t primary, const gid_t *groups, size_t n) {
	bool in = wanted == primary;
	for (size_t i = 0; i < n; i++)
		in |= wanted == groups[i];
	return in && wanted != CONTROL_NO_GROUP;
}

/* As of the moment it connected (socket(7), SO_PEERCRED; SO_PEERGROUPS: net/core/sock.c). */
static struct rights peer_rights(const struct control *control, int fd) {
	struct ucred peer;
	gid_t groups[PEER_GROUPS];
	socklen_t peer_len = sizeof peer, groups_len = sizeof groups;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) < 0)
		return (struct rights){false, false};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_len) < 0)
		groups_len = 0;
	size_t n = groups_len / sizeof *groups;
	bool operate = peer.uid == 0 || in_group(control->operators, peer.gid, groups, n);
	return (struct rights){operate || in_group(control->observers, peer.gid, groups, n), operate};
}

static struct control_client *free_slot(struct control *control, bool may_operate) {
	struct control_client *found = NULL;
	unsigned free = 0;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].phase == CONTROL_FREE) {
			found = &control->clients[i];
			free++;
		}
	return may_operate || free > CONTROL_RESERVED ? found : NULL;
}

/* One line for whom we do not keep; if even that does not fit into its socket, it goes without. */
static void turn_away(struct control *control, int fd, const char *line) {
	control->refused++;
	if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		control->dropped++;
	close(fd);
}

static void admit(struct control *control, int fd) {
	struct rights rights = peer_rights(control, fd);
	if (!rights.read) {
		turn_away(control, fd,
			  "{\"ok\":false,\"code\":6,\"error\":\"you may not talk to this daemon\",\"hint\":\"as root, or "
			  "as a "
			  "member of the observers' or operators' group\"}\n");
		return;
	}
	struct control_client *client = free_slot(control, rights.operate);
	if (!client || loop_add(control->loop, fd, EPOLLIN, client_ready, client) < 0) {
		turn_away(control, fd,
			  "{\"ok\":false,\"code\":1,\"error\":\"too many clients at once\",\"hint\":\"try again\"}\n");
		return;
	}
	char *out = client->out;
	*client = (struct control_client){
		.control = control,
		.phase = CONTROL_LISTENING,
		.id = ++control->last_id,
		.fd = fd,
		.may_operate = rights.operate,
		.when = control->now + CONTROL_PATIENCE,
		.out = out,
	};
}
static_assert(EXIT_NOT_PERMITTED == 6 && EXIT_FAILED == 1, "admit() writes them out");

static void listener_ready(void *arg, uint32_t events) {
	struct control *control = arg;
	(void)events;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		admit(control, fd);
	/* Also after a failure: out of descriptors, the listener would stay ready, and keep us busy. */
	if (loop_modify(control->loop, control->fd, 0) == 0)
		control->accept_at = control->now + CONTROL_ACCEPT_EVERY;
}

/* ---- the socket ---- */

/* Removes a socket that nobody listens on any more. */
static int remove_leftover(const struct sockaddr_un *address) {
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int error = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0;
	close(fd);
	if (error == ENOENT)
		return 0;
	if (error != ECONNREFUSED)
		return error == 0 || error == EAGAIN ? -EADDRINUSE : -error;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Until listen(2) nobody can connect, so the mode is never too wide. The descriptor, or -errno. */
static int bind_and_listen(const struct sockaddr_un *address, mode_t mode) {
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	if (chmod(address->sun_path, mode) < 0 || listen(fd, CONTROL_CLIENTS) < 0) {
		int error = errno;
		unlink(address->sun_path);
		close(fd);
		return -error;
	}
	return fd;
}

int control_open(struct control *control, struct loop *loop, const char *path, gid_t observers, gid_t operators,
		 control_request_fn *fn, void *arg) {
	*control = (struct control){
		.loop = loop,
		.fd = -1,
		.address.sun_family = AF_UNIX,
		.observers = observers,
		.operators = operators,
		.fn = fn,
		.arg = arg,
		.now = mono_now(),
		.accept_at = MONO_FAR,
		.hear_at = MONO_NEVER,
	};
	if (strlen(path) >= sizeof control->address.sun_path)
		return -ENAMETOOLONG;
	memcpy(control->address.sun_path, path, strlen(path));
	int error = remove_leftover(&control->address);
	if (error < 0)
		return error;
	bool root_alone = observers == CONTROL_NO_GROUP && operators == CONTROL_NO_GROUP;
	int fd = bind_and_listen(&control->address, root_alone ? 0600 : 0666);
	if (fd < 0)
		return fd;
	control->out = calloc(CONTROL_CLIENTS, CONTROL_REPLY_MAX);
	error = control->out ? loop_add(loop, fd, EPOLLIN, listener_ready, control) : -ENOMEM;
	if (error < 0) {
		unlink(control->address.sun_path);
		close(fd);
		control_close(control);
		return error;
	}
	control->fd = fd;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].out = control->out + (size_t)i * CONTROL_REPLY_MAX;
	return 0;
}

void control_close(struct control *control) {
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].phase != CONTROL_FREE)
			drop(&control->clients[i]);
	if (control->fd >= 0) {
		loop_remove(control->loop, control->fd);
		close(control->fd);
		unlink(control->address.sun_path);
	}
	control->fd = -1;
	free(control->out);
	control->out = NULL;
}

static void client_tick(struct control_client *client, mono_t now) {
	if (client->phase == CONTROL_FREE || now < client->when)
		return;
	switch (client->phase) {
	case CONTROL_RESTING:
		enter(client, CONTROL_LISTENING, now + CONTROL_PATIENCE);
		return;
	case CONTROL_STREAMING:
		client_send(client);
		return;
	case CONTROL_FREE:
	case CONTROL_LISTENING:
	case CONTROL_SERVING:
	case CONTROL_ANSWERING:
	case CONTROL_STALLED:
		client->control->dropped++;
		drop(client);
		return;
	}
}

void control_tick(struct control *control, mono_t now) {
	control->now = now;
	if (now >= control->accept_at && loop_modify(control->loop, control->fd, EPOLLIN) == 0)
		control->accept_at = MONO_FAR;
	/* Those who rested are heard in this order (epoll keeps it): a crowd that never stops asking cannot keep others out. */
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		client_tick(&control->clients[(control->next + i) % CONTROL_CLIENTS], now);
}

mono_t control_deadline(const struct control *control) {
	mono_t deadline = control->accept_at;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].phase != CONTROL_FREE)
			deadline = mono_min(deadline, control->clients[i].when);
	return deadline;
}

/* The one whose request the handler has; NULL: it left. */
static struct control_client *served(struct control *control, uint32_t id) {
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].phase == CONTROL_SERVING && control->clients[i].id == id)
			return &control->clients[i];
	return NULL;
}

void control_reply(struct control *control, uint32_t client, struct json_object *reply) {
	struct control_client *asker = served(control, client);
	if (asker)
		client_answer(asker, reply);
	else
		json_object_put(reply);
}

void control_stream(struct control *control, uint32_t client, enum control_topic topic, struct json_object *first) {
	struct control_client *asker = served(control, client);
	if (asker && watchers(control) == CONTROL_WATCHERS)
		client_answer(asker, reply_error(EXIT_FAILED, "end one of them, and try again",
						 "%d others watch already, and more would cost the daemon too much",
						 CONTROL_WATCHERS));
	else if (asker)
		client_watch(asker, topic, first);
	json_object_put(first);
}

bool control_watched(const struct control *control, enum control_topic topic) {
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (is_watcher(&control->clients[i]) && control->clients[i].topic == topic)
			return true;
	return false;
}

void control_push(struct control *control, enum control_topic topic, struct json_object *line) {
	size_t length;
	const char *text = line_of(line, &length);
	for (unsigned i = 0; text && i < CONTROL_CLIENTS; i++)
		if (is_watcher(&control->clients[i]) && control->clients[i].topic == topic)
			watcher_tell(&control->clients[i], text, length);
	json_object_put(line);
}
