/* The sealed configuration, as sealed.h says. */
#include "hamon/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamon/file.h"

enum { SEALED_MAX = 1 << 20, SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

int sealed_make(const char *text) {
	int fd = memfd_create("hamon-configuration", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int rc = file_write(fd, text, strlen(text));
	if (rc == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* pread: every process reads the same open file, whose offset is shared. */
static int read_all(int fd, char *buffer, size_t length) {
	for (size_t have = 0; have < length;) {
		ssize_t n = pread(fd, buffer + have, length - have, (off_t)have);
		if (n == 0)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			have += (size_t)n;
	}
	buffer[length] = '\0';
	return 0;
}

int sealed_read(int fd, char **text) {
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return -EPERM;
	struct stat file;
	if (fstat(fd, &file) < 0)
		return -errno;
	if (file.st_size > SEALED_MAX)
		return -EFBIG;
	char *buffer = malloc((size_t)file.st_size + 1);
	if (!buffer)
		return -ENOMEM;
	int rc = read_all(fd, buffer, (size_t)file.st_size);
	if (rc < 0) {
		free(buffer);
		return rc;
	}
	*text = buffer;
	return 0;
}
