/* Claims on the wire: see watch.h. Who may touch a capture: the thread while it has the job of opening or closing it, the
 * caller's side at all other times; the eventfds hand it over. */
#include "arp/watch.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hamon/thread.h"

enum {
	/* During a reload old and new ones. */
	CAPTURES = 2 * ARP_WATCH_INTERFACES,
	/* Some 600 frames: more than come in while the monitor is late, and the kernel drops the newest of a flood. */
	RING_BYTES = 256 << 10,
	DONE = CAPTURES, /* epoll's data: not a capture, but the thread's end of a job */
};

/* Neighbour discovery has no extension headers (RFC 6980), so the type is where the header ends. Multicast advertisements
 * come in without promiscuous mode: every interface with IPv6 is a member of all nodes (RFC 4291 section 2.8). */
static const char filter_text[] = "arp or (icmp6 and (ip6[40] = 135 or ip6[40] = 136))";

enum phase {
	UNUSED,
	TO_OPEN,
	OPENING, /* the thread has it */
	OPEN,
	TO_CLOSE,
	CLOSING, /* the thread has it */
	FAILED,  /* not open: `error` says why */
};

struct capture {
	enum phase phase;
	bool wanted;
	struct arp_watch_interface interface;
	pcap_t *pcap; /* OPEN, TO_CLOSE */
	int error;    /* why it failed, or is to be closed though it is wanted */
};

/* The one capture that the thread works at: pcap is what it opened, or is to close. */
struct job {
	bool close;
	unsigned capture;
	struct arp_watch_interface interface;
	pcap_t *pcap;
	int error;
};

struct arp_watch {
	pthread_t id;
	int asked, done; /* eventfds: who was told last may touch the job */
	_Atomic bool ending;
	struct job job;
	bool given; /* the caller's: the job is not taken back yet */
	int epoll;
	struct capture captures[CAPTURES];
};

/* ---- the thread ---- */

static int errno_of(int status) {
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	case PCAP_ERROR_PERM_DENIED:
		return -EPERM;
	default:
		return -EIO;
	}
}

/* libpcap goes by the name, which may be another interface's by now. */
static bool bound_to(pcap_t *pcap, int ifindex) {
	struct sockaddr_ll name = {0};
	socklen_t len = sizeof(name);

	return getsockname(pcap_fileno(pcap), (struct sockaddr *)&name, &len) == 0 && name.sll_ifindex == ifindex;
}

static int set_filter(pcap_t *pcap) {
	struct bpf_program program;

	if (pcap_compile(pcap, &program, filter_text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return -EIO;
	int status = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return status == 0 ? 0 : -EIO;
}

/* What we send is not even looked at by the filter, which costs all other traffic less; where the kernel cannot (before
 * 4.20), pcap_setdirection() leaves it out later. */
static void ignore_outgoing(pcap_t *pcap) {
	int yes = 1;

	(void)setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
}

static int set_up(pcap_t *pcap, int ifindex) {
	char text[PCAP_ERRBUF_SIZE];

	pcap_set_snaplen(pcap, FRAME_LONGEST);
	pcap_set_promisc(pcap, 0);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_buffer_size(pcap, RING_BYTES);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	int status = pcap_activate(pcap);
	if (status < 0)
		return errno_of(status);
	if (!bound_to(pcap, ifindex))
		return -ENODEV;
	ignore_outgoing(pcap);
	if (pcap_datalink(pcap) != DLT_EN10MB || pcap_setnonblock(pcap, 1, text) != 0 ||
	    pcap_setdirection(pcap, PCAP_D_IN) != 0)
		return -EIO;
	return set_filter(pcap);
}

static int open_capture(const struct arp_watch_interface *interface, pcap_t **out) {
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_create(interface->name, text);

	if (!pcap)
		return -ENOMEM;
	int error = set_up(pcap, interface->ifindex);
	if (error)
		pcap_close(pcap);
	else
		*out = pcap;
	return error;
}

static void wake(int fd) {
	eventfd_write(fd, 1); /* fails only at a count that nobody reaches */
}

static void *run(void *arg) {
	struct arp_watch *watch = arg;
	struct job *job = &watch->job;
	eventfd_t count;

	for (;;) {
		if (eventfd_read(watch->asked, &count) < 0)
			continue; /* interrupted */
		if (watch->ending)
			return NULL;
		if (job->close)
			pcap_close(job->pcap);
		else
			job->error = open_capture(&job->interface, &job->pcap);
		wake(watch->done);
	}
}

/* ---- jobs ---- */

static void give(struct arp_watch *watch, unsigned at) {
	struct capture *capture = &watch->captures[at];
	bool close = capture->phase == TO_CLOSE;

	watch->job = (struct job){
		.close = close, .capture = at, .interface = capture->interface, .pcap = close ? capture->pcap : NULL};
	capture->pcap = NULL;
	capture->phase = close ? CLOSING : OPENING;
	watch->given = true;
	wake(watch->asked);
}

/* Closing goes first: it frees memory and room. */
static void advance(struct arp_watch *watch) {
	static const enum phase order[] = {TO_CLOSE, TO_OPEN};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (unsigned i = 0; i < CAPTURES && !watch->given; i++)
			if (watch->captures[i].phase == order[k])
				give(watch, i);
}

static void fail(struct capture *capture, int error) {
	*capture = (struct capture){.phase = capture->wanted ? FAILED : UNUSED,
				    .wanted = capture->wanted,
				    .interface = capture->interface,
				    .error = error};
}

static void begin_reading(struct arp_watch *watch, unsigned at, pcap_t *pcap) {
	struct capture *capture = &watch->captures[at];
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = at};

	capture->pcap = pcap;
	capture->phase = OPEN;
	if (capture->wanted && epoll_ctl(watch->epoll, EPOLL_CTL_ADD, pcap_get_selectable_fd(pcap), &event) == 0)
		return;
	capture->error = -EIO;
	capture->phase = TO_CLOSE;
}

static void stop_reading(struct arp_watch *watch, struct capture *capture, int error) {
	assert(capture->phase == OPEN);
	epoll_ctl(watch->epoll, EPOLL_CTL_DEL, pcap_get_selectable_fd(capture->pcap), NULL);
	capture->error = error;
	capture->phase = TO_CLOSE;
}

static void take(struct arp_watch *watch) {
	struct job *job = &watch->job;
	struct capture *capture = &watch->captures[job->capture];
	eventfd_t count;

	if (eventfd_read(watch->done, &count) < 0)
		return;
	watch->given = false;
	if (job->close)
		fail(capture, capture->error);
	else if (job->error)
		fail(capture, job->error);
	else
		begin_reading(watch, job->capture, job->pcap);
	advance(watch);
}

/* ---- what is wanted ---- */

static bool same(const struct arp_watch_interface *a, const struct arp_watch_interface *b) {
	return a->ifindex == b->ifindex && strcmp(a->name, b->name) == 0;
}

static bool is_listed(const struct arp_watch_interface *list, size_t n, const struct arp_watch_interface *interface) {
	for (size_t i = 0; i < n; i++)
		if (same(&list[i], interface))
			return true;
	return false;
}

static void forget(struct arp_watch *watch, struct capture *capture) {
	capture->wanted = false;
	switch (capture->phase) {
	case UNUSED:
	case OPENING:
	case TO_CLOSE:
	case CLOSING:
		return;
	case TO_OPEN:
	case FAILED:
		*capture = (struct capture){.phase = UNUSED};
		return;
	case OPEN:
		stop_reading(watch, capture, 0);
		return;
	}
}

/* The one that is, or will be, on this interface; else a free place; NULL: none is free until one is closed. */
static struct capture *place_for(struct arp_watch *watch, const struct arp_watch_interface *interface) {
	struct capture *free_one = NULL;

	for (unsigned i = 0; i < CAPTURES; i++) {
		struct capture *capture = &watch->captures[i];
		if (capture->wanted && same(&capture->interface, interface))
			return capture;
		if (capture->phase == UNUSED && !free_one)
			free_one = capture;
	}
	return free_one;
}

void arp_watch_want(struct arp_watch *watch, const struct arp_watch_interface *list, size_t n) {
	assert(n <= ARP_WATCH_INTERFACES);
	for (unsigned i = 0; i < CAPTURES; i++)
		if (!is_listed(list, n, &watch->captures[i].interface))
			forget(watch, &watch->captures[i]);
	for (size_t i = 0; i < n; i++) {
		struct capture *capture = place_for(watch, &list[i]);
		if (capture && (capture->phase == UNUSED || capture->phase == FAILED))
			*capture = (struct capture){.phase = TO_OPEN, .wanted = true, .interface = list[i]};
	}
	advance(watch);
}

int arp_watch_state(const struct arp_watch *watch, int ifindex) {
	for (unsigned i = 0; i < CAPTURES; i++) {
		const struct capture *capture = &watch->captures[i];
		if (!capture->wanted || capture->interface.ifindex != ifindex)
			continue;
		return capture->phase == OPEN ? 0 : capture->error ? capture->error : -EINPROGRESS;
	}
	return -ENOENT;
}

/* ---- reading ---- */

struct reading {
	int ifindex;
	arp_watch_fn *fn;
	void *arg;
};

static void captured(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
	const struct reading *reading = (const struct reading *)user;
	/* tv_usec holds nanoseconds: PCAP_TSTAMP_PRECISION_NANO */
	struct arp_seen seen = {.ifindex = reading->ifindex,
				.at = {.tv_sec = header->ts.tv_sec, .tv_nsec = header->ts.tv_usec}};

	if (frame_parse(bytes, header->caplen, &seen.claim) == 0)
		reading->fn(reading->arg, &seen);
}

void arp_watch_read(struct arp_watch *watch, arp_watch_fn *fn, void *arg) {
	struct epoll_event ready[CAPTURES + 1];
	int n = epoll_wait(watch->epoll, ready, CAPTURES + 1, 0);

	for (int i = 0; i < n; i++) {
		if (ready[i].data.u32 == DONE) {
			take(watch);
			continue;
		}
		struct capture *capture = &watch->captures[ready[i].data.u32];
		struct reading reading = {capture->interface.ifindex, fn, arg};
		if (pcap_dispatch(capture->pcap, ARP_WATCH_FRAMES, captured, (u_char *)&reading) >= 0)
			continue;
		stop_reading(watch, capture, -ENODEV); /* libpcap goes on when it merely went down */
		advance(watch);
	}
}

/* ---- beginning and end ---- */

static int set_up_descriptors(struct arp_watch *watch) {
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = DONE};

	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	watch->asked = eventfd(0, EFD_CLOEXEC);
	watch->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->epoll < 0 || watch->asked < 0 || watch->done < 0)
		return -errno;
	return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->done, &event) < 0 ? -errno : 0;
}

static void release(struct arp_watch *watch) {
	const int descriptors[] = {watch->epoll, watch->asked, watch->done};

	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
	free(watch);
}

int arp_watch_start(struct arp_watch **out) {
	struct arp_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	int error = set_up_descriptors(watch);
	if (!error)
		error = thread_start(&watch->id, run, watch);
	if (error) {
		release(watch);
		return error;
	}
	*out = watch;
	return 0;
}

void arp_watch_stop(struct arp_watch *watch) {
	if (!watch)
		return;
	struct pollfd done = {.fd = watch->done, .events = POLLIN};
	while (watch->given && poll(&done, 1, -1) < 0)
		; /* interrupted */
	watch->ending = true;
	wake(watch->asked);
	pthread_join(watch->id, NULL);
	if (watch->given && watch->job.pcap && !watch->job.close)
		pcap_close(watch->job.pcap);
	for (unsigned i = 0; i < CAPTURES; i++)
		if (watch->captures[i].pcap)
			pcap_close(watch->captures[i].pcap);
	release(watch);
}

int arp_watch_fd(const struct arp_watch *watch) {
	return watch->epoll;
}
