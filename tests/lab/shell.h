/* Child processes: the commands that set a network up (`ip`, `nft`), the daemons, and their verbs. Owns fork, namespace and
 * exec; nothing that measures goes through here. */
#ifndef LAB_SHELL_H
#define LAB_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* "We cannot go on": prints the sentence on stderr and ends with status 1. What was set up, the janitor removes. */
void shell_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* What shell_die() calls before it ends: to show more of what is known. */
void shell_at_death(void (*fn)(void));

/* snprintf() that dies instead of cutting off. */
void shell_print(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct shell_job {
	const char *ns;    /* name of a network namespace; NULL: ours */
	const char *input; /* fed to its standard input; NULL: none */
	char *output;      /* what it wrote on stdout and stderr, cut to the size, terminated; NULL: not wanted */
	size_t output_size;
};

/* Runs the command line (words separated by blanks, no quoting) to its end. Returns the exit status, 128 + the signal, or
 * 127 when it could not be started. */
int shell_run(const struct shell_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for set-up that has to work: dies with the command and what it wrote when it fails. */
void shell_must(const struct shell_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Starts a program that goes on running, its stdout and stderr appended to the file. Returns its process id. */
pid_t shell_spawn(const char *ns, const char *log, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Real-time priority above the monitor's for this process, or none any more; what it starts has none. */
void shell_be_prompt(bool prompt);

/* The path of another program of the lab, which lies beside our own. */
void shell_beside(char *out, size_t size, const char *program);

/* Enters the namespace with the calling thread, for sockets to be opened there; shell_leave() goes back to where it was. */
int shell_enter(const char *ns);
void shell_leave(int back);

#endif
