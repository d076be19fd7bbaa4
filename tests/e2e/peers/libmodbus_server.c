// A Modbus TCP server by libmodbus: whatever unit is asked, registers 0 to 31 of both tables hold
// the chlorine analyser's values (a float, low word first, then 21.5 at 4); the first line of the
// file that is named says the value, and is read again for every request.
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(modbus_mapping_t *map, int at, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t words[2] = {bits & 0xFFFF, bits >> 16};
    memcpy(map->tab_input_registers + at, words, sizeof words);
    memcpy(map->tab_registers + at, words, sizeof words);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s PORT FILE\n", argv[0]);
        return 2;
    }
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    modbus_mapping_t *map = modbus_mapping_new(0, 0, 32, 32);
    int listener = modbus_tcp_listen(context, 4);
    if (listener < 0 || map == NULL) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    for (;;) {
        modbus_tcp_accept(context, &listener);
        uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
        int length;
        while ((length = modbus_receive(context, query)) >= 0) {
            float value = 0;
            FILE *file = fopen(argv[2], "r");
            if (file == NULL || fscanf(file, "%f", &value) != 1) {
                fprintf(stderr, "no value in %s\n", argv[2]);
                return 1;
            }
            fclose(file);
            put(map, 0, value);
            put(map, 4, 21.5f);
            if (length > 0 && modbus_reply(context, query, length, map) < 0) break;
        }
        modbus_close(context);
    }
}
