/* Traffic between two namespaces, and how much of it arrives: small UDP packets as fast as one processor sends them, and
 * one TCP stream. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <netinet/in.h>

#include "tests/lab/clock.h"

enum stream_kind {
	STREAM_UDP_OUT,  /* server to client, a system call each, as services do: packets a second */
	STREAM_UDP_ECHO, /* both ways, one at a time: a service that answers; packets a second, questions and answers */
	STREAM_TCP_OUT,  /* server to client: bits a second */
	STREAM__KINDS,
};

/* "UDP from the shared IP" */
const char *stream_kind_name(enum stream_kind kind);

struct stream;

/* Opens the sockets; the addresses are on their hosts already. Dies when it cannot. */
struct stream *stream_open(const char *server_ns, struct in_addr server, const char *client_ns, struct in_addr client);

/* Sends for so long, and returns what arrived in a second of it. A TCP stream is a new one each time; 0 when it does not
 * come to stand within `length`. */
double stream_rate(struct stream *stream, enum stream_kind kind, nanos length);

#endif
