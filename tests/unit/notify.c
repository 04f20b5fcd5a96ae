/* The service manager's socket: by path and by abstract name, and the ways in which there is none. */
#include "hamon/supervisor/notify.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void ask_at(const char *path) {
	cr_assert_eq(setenv("NOTIFY_SOCKET", path, 1), 0); // NOLINT(concurrency-mt-unsafe): one thread
}

Test(notify, nobody_asked) {
	unsetenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): one thread
	cr_assert_eq(notify_send("READY=1"), 0);
	ask_at("");
	cr_assert_eq(notify_send("READY=1"), 0);
}

Test(notify, an_address_that_cannot_be) {
	char too_long[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	memset(too_long, '/', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	ask_at(too_long);
	cr_assert_eq(notify_send("READY=1"), -EINVAL);
	ask_at("relative");
	cr_assert_eq(notify_send("READY=1"), -EINVAL);
	ask_at("/proc/nobody/listens");
	cr_assert_eq(notify_send("READY=1"), -ENOENT);
}

/* The kernel chooses an abstract name (unix(7), autobind): none that another test could have. */
Test(notify, the_state_arrives) {
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(own);
	char text[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(sa_family_t)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &length), 0);
	size_t name = length - offsetof(struct sockaddr_un, sun_path);
	text[0] = '@';
	memcpy(text + 1, own.sun_path + 1, name - 1);
	text[name] = '\0';
	ask_at(text);
	cr_assert_eq(notify_send("READY=1"), 0);
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	cr_assert_gt(n, 0);
	text[n] = '\0';
	cr_assert_str_eq(text, "READY=1");
	close(fd);
}
