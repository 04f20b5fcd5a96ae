/* A question to the daemon: asks, waits for the answer with a deadline, and prints it; or follows an answer that goes
 * on. */
#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hamon/cli/cli.h"
#include "hamon/loop.h"

enum { ANSWER_CHUNK = 16384 };
#define LONGEST_WAIT (500 * MSEC)

static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
	(void)signal;
	interrupted = 1;
}

/* Ctrl-C ends the waiting, and lets us say that the request itself goes on. */
static void catch_interrupt(void) {
	struct sigaction action = {.sa_handler = interrupt};
	sigaction(SIGINT, &action, NULL);
}

static int connect_to(const struct sockaddr_un *address, span_t patience) {
	/* A daemon that stands still fills its backlog; then connect(2) waits, for as long as a send may. */
	struct timeval limit = {.tv_sec = patience / SEC, .tv_usec = patience % SEC / USEC + 1};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
	    connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return -error;
	}
	return fd;
}

static int say_unreachable(const char *path, int error) {
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return cli_error(EXIT_UNREACHABLE, "no daemon serves %s", path);
	case EACCES:
	case EPERM:
		return cli_error(EXIT_NOT_PERMITTED, "%s: only root, and members of the operators' and observers' groups",
				 path);
	case EAGAIN:
		return cli_error(EXIT_UNREACHABLE, "the daemon at %s does not answer", path);
	default:
		return cli_error(EXIT_UNREACHABLE, "%s: %s", path, strerror(error));
	}
}

static int send_request(int fd, struct json_object *request) {
	size_t length;
	const char *text = json_object_to_json_string_length(request, JSON_C_TO_STRING_PLAIN, &length);
	struct iovec parts[] = {{(char *)text, length}, {"\n", 1}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	/* EPIPE: it turned us away, and says so in its answer. */
	return sent < 0 && errno != EPIPE ? -errno : 0;
}

/* 1: there is something to read, 0: the time is up, or -errno (-EINTR: Ctrl-C). */
static int wait_readable(int fd, mono_t deadline) {
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	while (!interrupted) {
		/* A Ctrl-C right before poll(2) wakes nobody: hence in pieces. */
		span_t left = mono_min(deadline - mono_now(), LONGEST_WAIT);
		int n = left <= 0 ? 0 : poll(&poller, 1, (int)((left + MSEC - 1) / MSEC));
		if (n > 0 || left <= 0)
			return n;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return -EINTR;
}

/* What the daemon sends, taken apart into its lines. */
struct answer {
	int fd;
	struct json_tokener *tokener;
	size_t n, at; /* of the chunk: received, taken */
	char chunk[ANSWER_CHUNK];
};

static void answer_close(struct answer *answer) {
	if (answer->tokener)
		json_tokener_free(answer->tokener);
	close(answer->fd);
}

/* The next object of the chunk. 0, -EAGAIN: more is to come, -EPROTO: this is no answer. */
static int answer_parse(struct answer *answer, struct json_object **object) {
	struct json_object *parsed =
		json_tokener_parse_ex(answer->tokener, answer->chunk + answer->at, (int)(answer->n - answer->at));
	if (json_tokener_get_error(answer->tokener) == json_tokener_continue) {
		answer->at = answer->n;
		return -EAGAIN;
	}
	answer->at += json_tokener_get_parse_end(answer->tokener);
	if (!json_object_is_type(parsed, json_type_object)) {
		json_object_put(parsed);
		return -EPROTO;
	}
	*object = parsed;
	return 0;
}

/* Reads until a line is whole. 0, -ETIMEDOUT, -EINTR: Ctrl-C, -EPIPE: the daemon hung up, -EPROTO: that was no answer, or
 * -errno. */
static int answer_next(struct answer *answer, mono_t deadline, struct json_object **object) {
	int result = -EAGAIN;
	while (result == -EAGAIN) {
		if (answer->at < answer->n) {
			result = answer_parse(answer, object);
			continue;
		}
		int ready = wait_readable(answer->fd, deadline);
		if (ready <= 0)
			return ready < 0 ? ready : -ETIMEDOUT;
		ssize_t n = recv(answer->fd, answer->chunk, sizeof answer->chunk, 0);
		if (n <= 0)
			return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
		answer->at = 0;
		answer->n = (size_t)n;
	}
	return result;
}

/* Once the request is out, its outcome is unknown, unless it was only to be looked at. */
static int say_unanswered(bool operates, int error) {
	const char *sure = operates ? "; the request goes on: `hamon status` shows what became of it" : "";
	switch (error) {
	case EINTR:
		return cli_error(EXIT_TIMED_OUT, "interrupted%s", sure);
	case ETIMEDOUT:
		return cli_error(EXIT_TIMED_OUT, "no answer in time%s", sure);
	case EPIPE:
		return cli_error(operates ? EXIT_TIMED_OUT : EXIT_UNREACHABLE, "the daemon hung up before it answered%s",
				 operates ? "; the outcome is unknown" : "");
	case EPROTO:
		return cli_error(EXIT_FAILED, "that was no answer: something else serves this socket");
	default:
		return cli_error(EXIT_FAILED, "waiting for the answer: %s", strerror(error));
	}
}

static bool is_operation(struct json_object *request) {
	const char *verb = json_object_get_string(json_object_object_get(request, "verb"));
	for (unsigned type = 0; type < REQUEST__COUNT; type++)
		if (strcmp(verb, request_name(type)) == 0)
			return request_operates(type);
	assert(!"a verb");
	return true;
}

/* EXIT_OK: *first is the answer, or its first line, and answer_close() is owed. Otherwise the exit status, and it was said
 * on stderr why. */
static int exchange(const struct sockaddr_un *address, struct json_object *request, span_t patience, struct answer *answer,
		    struct json_object **first) {
	mono_t deadline = mono_now() + patience;
	int fd = connect_to(address, patience);
	if (fd < 0)
		return say_unreachable(address->sun_path, -fd);
	int error = send_request(fd, request);
	if (error < 0) {
		close(fd);
		return say_unreachable(address->sun_path, -error);
	}
	answer->fd = fd;
	answer->n = answer->at = 0;
	answer->tokener = json_tokener_new();
	error = answer->tokener ? answer_next(answer, deadline, first) : -ENOMEM;
	if (error == 0)
		return EXIT_OK;
	answer_close(answer);
	return say_unanswered(is_operation(request), -error);
}

/* Finds the daemon, and asks it; puts the request. */
static int begin(const struct cli *cli, struct json_object *request, span_t patience, struct answer *answer,
		 struct json_object **first) {
	struct sockaddr_un address;
	int code = cli_find_socket(cli, &address);
	catch_interrupt();
	if (code == EXIT_OK)
		code = exchange(&address, request, cli->timeout > 0 ? cli->timeout : patience, answer, first);
	json_object_put(request);
	return code;
}

int cli_ask(const struct cli *cli, struct json_object *request, span_t patience, struct json_object **reply) {
	static struct answer answer;
	int code = begin(cli, request, patience, &answer, reply);
	if (code == EXIT_OK)
		answer_close(&answer);
	return code;
}

static int say_ended(int error) {
	switch (error) {
	case EINTR:
		return EXIT_OK;
	case EPIPE:
		return cli_error(EXIT_UNREACHABLE, "the daemon ended");
	default:
		return cli_error(EXIT_FAILED, "the daemon's lines: %s", strerror(error));
	}
}

int cli_follow(const struct cli *cli, struct json_object *request, span_t patience, cli_line_fn *fn) {
	static struct answer answer;
	struct json_object *line = NULL;
	int code = begin(cli, request, patience, &answer, &line), error = 0;
	bool printed = true;
	if (code != EXIT_OK)
		return code;
	while (error == 0 && printed && fn(cli, line)) {
		json_object_put(line);
		line = NULL;
		printed = cli_flush();
		error = printed ? answer_next(&answer, MONO_FAR, &line) : 0;
	}
	if (!printed)
		code = EXIT_FAILED;
	else
		code = error == 0 ? cli_show(cli, line) : say_ended(-error);
	json_object_put(line);
	answer_close(&answer);
	return code;
}

struct json_object *cli_request(enum request_type type) {
	struct json_object *request = json_object_new_object();
	json_object_object_add(request, "verb", json_object_new_string(request_name(type)));
	return request;
}

/* ---- showing ---- */

static const char *reply_text(struct json_object *reply, const char *key) {
	return json_object_get_string(json_object_object_get(reply, key));
}

static void show_details(struct json_object *reply, FILE *out) {
	struct json_object *details = json_object_object_get(reply, "details");
	for (size_t i = 0; details && i < json_object_array_length(details); i++)
		fprintf(out, "  %s\n", json_object_get_string(json_object_array_get_idx(details, i)));
}

int cli_show(const struct cli *cli, struct json_object *reply) {
	bool ok = json_object_get_boolean(json_object_object_get(reply, "ok"));
	int code = ok ? EXIT_OK : json_object_get_int(json_object_object_get(reply, "code"));
	if (cli->json) {
		puts(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	} else if (ok) {
		if (!cli->quiet && reply_text(reply, "text"))
			puts(reply_text(reply, "text"));
		if (!cli->quiet)
			show_details(reply, stdout);
	} else {
		const char *error = reply_text(reply, "error"), *hint = reply_text(reply, "hint");
		cli_error(code, "%s%s%s%s", error ? error : "it failed", hint ? " (" : "", hint ? hint : "",
			  hint ? ")" : "");
		show_details(reply, stderr);
	}
	return ok || code > EXIT_OK ? code : EXIT_FAILED;
}

int cli_operate(const struct cli *cli, struct json_object *request, span_t patience) {
	struct json_object *reply = NULL;
	int code = cli_ask(cli, request, patience, &reply);
	if (code == EXIT_OK)
		code = cli_show(cli, reply);
	json_object_put(reply);
	return code;
}
