/* The command line: the table of verbs, the options, and what the verbs share (finding the daemon, asking it, printing).
 * One file a verb, each with one function of the same shape. */
#ifndef HAMON_CLI_CLI_H
#define HAMON_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "hamon/mono.h"
#include "hamon/reply.h"
#include "hamon/request.h"

#define CLI_CONFIG_DIR "/etc/hamon"
#define CLI_CONFIG     CLI_CONFIG_DIR "/hamon.conf"
#define CLI_RUN_DIR    "/run/hamon"

/* The command line, read. Options that were not given are NULL, false or 0. */
struct cli {
	const char *verb;
	const char *file, *cluster, *node, *run_dir, *state_dir;
	bool json, no_color, quiet, verbose, help, version;
	span_t timeout; /* 0: the verb's own */
	/* options that only some verbs have */
	bool force, dry_run, yes;
	const char *reason, *output, *within, *keep_node;
	bool keep, frames;
	span_t pause;
	/* what follows the verb and is no option; as many as the verb's table row allows; NULL-terminated */
	int words_n;
	char **words;
};

/* A verb: returns the process's exit status, enum exit_code. */
typedef int cli_verb_fn(const struct cli *cli);

cli_verb_fn cli_run, cli_status, cli_takeover, cli_standdown, cli_ip, cli_pause, cli_resume, cli_reload, cli_test,
	cli_is_primary, cli_check_config, cli_show_config, cli_genpsk, cli_demo, cli_resolve, cli_abort, cli_clear,
	cli_explain, cli_watch;

/* Reads the command line, and does what it says. Returns the exit status. */
int cli_main(int argc, char **argv);

/* "hamon: …" on stderr, with a newline. Returns code, so that a verb can `return cli_error(EXIT_FAILED, …)`. */
int cli_error(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was printed so far goes out. False: into a full disk or a closed pipe it did not; it is dropped, and was said on stderr
 * (but of a pipe, whose reader left of his own will). */
bool cli_flush(void);

/* The configuration's path: the verb's word (check-config FILE), else -f, else /etc/hamon/CLUSTER.conf where a cluster is
 * named, else CLI_CONFIG. Valid until the next call. */
const char *cli_config_path(const struct cli *cli);

/* May stdout be coloured? A terminal, no --no-color, no NO_COLOR in the environment. */
bool cli_color(const struct cli *cli);

struct json_object;
struct sockaddr_un;

/* The daemon's control socket: in --run-dir, else of --cluster, else of the cluster that -f names, else of the only cluster
 * that runs here. EXIT_OK, or the exit status, and it was said on stderr why. */
int cli_find_socket(const struct cli *cli, struct sockaddr_un *address);

/* Finds the daemon's socket, sends the request (which it puts), and waits for the answer, `patience` long unless --timeout
 * says otherwise. EXIT_OK: *reply is the answer, which the caller puts, and which may still say "ok": false. Otherwise the
 * exit status, and it was said on stderr why. */
int cli_ask(const struct cli *cli, struct json_object *request, span_t patience, struct json_object **reply);

/* Takes one line of an answer that goes on. False: it is no such line, but a refusal, which ends it. */
typedef bool cli_line_fn(const struct cli *cli, struct json_object *line);

/* The same for an answer that goes on: waits for its first line as cli_ask() does, hands each to fn, and prints what it
 * printed. EXIT_OK: Ctrl-C; a refusal's exit status; EXIT_UNREACHABLE: the daemon ended; or what cli_ask() returns. */
int cli_follow(const struct cli *cli, struct json_object *request, span_t patience, cli_line_fn *fn);

/* Prints a reply as the verb's result: its sentence and details, or its error and hint; with --json the reply as it came.
 * Returns the exit status that it stands for. */
int cli_show(const struct cli *cli, struct json_object *reply);

/* A request of this type, to be filled further. */
struct json_object *cli_request(enum request_type type);

/* cli_ask() and cli_show() of a request of the operator's. */
int cli_operate(const struct cli *cli, struct json_object *request, span_t patience);

#endif
