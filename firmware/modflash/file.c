// A file of this machine as flash, for ports that are processes: Partition(path, bytes).
//
// Whoever reads holds a shared lock on it, whoever writes an exclusive one until sync(): a
// process never sees the store change under its views.
#define _GNU_SOURCE // open file description locks
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modflash.h"

#include "py/mperrno.h"
#include "py/runtime.h"

#define ERASE_BYTES (4096)
#define WRITE_BYTES (256) // as serial flash chips have it

// `kind`: F_RDLCK or F_WRLCK
static int lock(int file, short kind) {
    struct flock whole = { .l_type = kind, .l_whence = SEEK_SET };
    if (fcntl(file, F_OFD_SETLK, &whole) == 0) {
        return 0;
    }
    return errno == EAGAIN || errno == EACCES ? MP_EBUSY : errno;
}

// A file that is too short is continued with zeros, which count as blank.
static int lengthen(int file, uint32_t bytes) {
    struct stat now;
    if (fstat(file, &now)) {
        return errno;
    }
    return now.st_size < (off_t)bytes && ftruncate(file, bytes) ? errno : 0;
}

static int map(flash_partition_t *partition) {
    int error = lock(partition->file, F_RDLCK);
    error = error ? error : lengthen(partition->file, partition->bytes);
    if (error) {
        return error;
    }
    // Never unmapped: views of it may live as long as the process.
    void *base = mmap(NULL, partition->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
        partition->file, 0);
    partition->base = base;
    return base == MAP_FAILED ? errno : 0;
}

int flash_port_open(flash_partition_t *partition, size_t n_args, const mp_obj_t *args) {
    mp_arg_check_num(n_args, 0, 2, 2, false);
    mp_int_t bytes = mp_obj_get_int(args[1]);
    if (bytes <= 0 || bytes > INT32_MAX || bytes % ERASE_BYTES) {
        return MP_EINVAL;
    }
    int file = open(mp_obj_str_get_str(args[0]), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        return errno;
    }
    *partition = (flash_partition_t) {
        .bytes = bytes, .erase_bytes = ERASE_BYTES, .write_bytes = WRITE_BYTES, .file = file,
    };
    int error = map(partition);
    if (error) {
        close(file);
    }
    return error;
}

int flash_port_erase(const flash_partition_t *partition, uint32_t offset) {
    int error = lock(partition->file, F_WRLCK);
    if (!error) {
        memset((uint8_t *)partition->base + offset, 0xFF, ERASE_BYTES);
    }
    return error;
}

int flash_port_write(const flash_partition_t *partition, uint32_t offset, const uint8_t *data,
    size_t bytes) {
    int error = lock(partition->file, F_WRLCK);
    uint8_t *to = (uint8_t *)partition->base + offset;
    for (size_t i = 0; !error && i < bytes; ++i) {
        to[i] &= data[i];
    }
    return error;
}

int flash_port_sync(const flash_partition_t *partition) {
    if (msync((void *)partition->base, partition->bytes, MS_SYNC)) {
        return errno;
    }
    return lock(partition->file, F_RDLCK);
}
