/* The modelled kernel: clock, jiffies, permit, lease, addresses. */
#include "tests/sim/kernel.h"

#include <assert.h>
#include <string.h>

enum { MILLION = 1000000 };

void kernel_init(struct kernel *kernel, enum lease_mode mode, const struct timers *timers) {
	int64_t rate_ppm = kernel->rate_ppm;
	span_t offset = kernel->offset;
	memset(kernel, 0, sizeof *kernel);
	kernel->mode = mode;
	kernel->rate_ppm = rate_ppm;
	kernel->offset = offset;
	kernel->tick = timers->tick;
	kernel->lag = timers->jiffies_lag;
	kernel->length = timers->lease;
	kernel->still = kernel->still_until = kernel->ran_out = MONO_NEVER;
}

mono_t kernel_clock(const struct kernel *kernel, mono_t when) {
	return kernel->offset + when + when * kernel->rate_ppm / MILLION;
}

mono_t kernel_when(const struct kernel *kernel, mono_t clock) {
	mono_t shown = clock - kernel->offset;
	mono_t when = shown - shown * kernel->rate_ppm / (MILLION + kernel->rate_ppm);
	while (kernel_clock(kernel, when) < clock)
		when++;
	return when;
}

/* The time as the jiffies count it: whole ticks, and behind while they stand still. */
static mono_t jiffies(const struct kernel *kernel, mono_t now) {
	if (now >= kernel->still && now < kernel->still_until)
		now = kernel->still;
	return now - now % kernel->tick;
}

static mono_t counted(const struct kernel *kernel, mono_t now) {
	return kernel->mode == LEASE_KERNEL ? jiffies(kernel, now) : now;
}

/* Forgets a lease that ran out, and remembers when it did. */
static void settle(struct kernel *kernel, mono_t now) {
	if (kernel->mode == LEASE_STANDIN || !kernel->lease_end || jiffies(kernel, now) < kernel->lease_end)
		return;
	bool held_up = kernel->lease_end > kernel->still && kernel->lease_end < kernel->still_until;
	kernel->ran_out = held_up ? kernel->still_until : kernel->lease_end;
	kernel->lease_end = 0;
}

void kernel_permit(struct kernel *kernel, mono_t now, span_t life) {
	kernel->permit_end = counted(kernel, now) + life;
}

void kernel_drop_permit(struct kernel *kernel) {
	kernel->permit_end = 0;
}

void kernel_drop_lease(struct kernel *kernel) {
	kernel->lease_end = 0;
	kernel->ran_out = MONO_NEVER;
}

bool kernel_pass(struct kernel *kernel, mono_t now, enum heartbeat_mark mark) {
	settle(kernel, now);
	switch (mark) {
	case MARK_PLAIN:
		return true;
	case MARK_RENEW:
		if (!kernel_leased(kernel, now))
			return false;
		break;
	case MARK_GRANT:
		if (counted(kernel, now) >= kernel->permit_end)
			return false;
		break;
	}
	kernel->lease_end = counted(kernel, now) + kernel->length;
	return true;
}

bool kernel_leased(struct kernel *kernel, mono_t now) {
	settle(kernel, now);
	return counted(kernel, now) < kernel->lease_end;
}

bool kernel_emits(struct kernel *kernel, mono_t now) {
	if (kernel->mode == LEASE_STANDIN)
		return !ip_set_empty(&kernel->present);
	return kernel_leased(kernel, now);
}

bool kernel_serves(struct kernel *kernel, mono_t now, const struct ip_set *ips) {
	struct ip_set missing = ip_set_less(*ips, &kernel->present);
	return ip_set_empty(&missing) && kernel_emits(kernel, now);
}

bool kernel_stall_jiffies(struct kernel *kernel, mono_t now, span_t length) {
	assert(length <= kernel->lag);
	if (now < kernel->still_until)
		return false;
	settle(kernel, now);
	kernel->still = now;
	kernel->still_until = now + length;
	return true;
}
