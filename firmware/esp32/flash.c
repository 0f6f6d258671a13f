// The partition of the agent store: the one of that name in the partition table, mapped whole.
#include "esp_partition.h"
#include "modflash/modflash.h"
#include "py/mperrno.h"
#include "py/runtime.h"

#define PAGE_BYTES (256) // what serial flash programs at once

static const esp_partition_t *found; // NULL until it is mapped

static int errno_of(esp_err_t error) {
    return error == ESP_OK ? 0 : error == ESP_ERR_NO_MEM ? MP_ENOMEM : MP_EIO;
}

// Mapped once, for as long as the firmware runs: views outlive a soft reset in nothing else.
static int map(const void **base) {
    const esp_partition_t *partition = esp_partition_find_first(ESP_PARTITION_TYPE_DATA,
        ESP_PARTITION_SUBTYPE_ANY, "store");
    if (partition == NULL) {
        return MP_ENODEV;
    }
    esp_partition_mmap_handle_t handle;
    esp_err_t error = esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA,
        base, &handle);
    if (error == ESP_OK) {
        found = partition;
    }
    return errno_of(error);
}

// Partition()
int flash_port_open(flash_partition_t *partition, size_t n_args, const mp_obj_t *args) {
    static const void *base;
    (void)args;
    mp_arg_check_num(n_args, 0, 0, 0, false);
    int error = found == NULL ? map(&base) : 0;
    if (!error) {
        *partition = (flash_partition_t) {
            .base = base,
            .bytes = found->size,
            .erase_bytes = found->erase_size,
            .write_bytes = PAGE_BYTES,
        };
    }
    return error;
}

// ESP-IDF holds the other core and the interrupts that need the flash, copies what lies in flash
// itself, and drops what the cache has of the place.
int flash_port_erase(const flash_partition_t *partition, uint32_t offset) {
    return errno_of(esp_partition_erase_range(found, offset, partition->erase_bytes));
}

int flash_port_write(const flash_partition_t *partition, uint32_t offset, const uint8_t *data,
    size_t bytes) {
    (void)partition;
    return errno_of(esp_partition_write(found, offset, data, bytes));
}

int flash_port_sync(const flash_partition_t *partition) {
    (void)partition;
    return 0;
}
