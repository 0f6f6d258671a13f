// Words, texts and codes of failures; what counts as text.
#include "check.h"
#include "support.h"

#include "agentvm/utf8.h"

#include <string.h>

static void test_words(void) {
    check_case("error_words");
    check_text(avm_error_word(AVM_MALFORMED), "malformed");
    check_text(avm_error_word(AVM_BAD_LENGTH), "bad-length");
    check_text(avm_error_word(AVM_DROPPED), "dropped");
    for (int error = AVM_OK; error <= AVM_USAGE; error++) {
        check(avm_error_word((avm_error_t)error) != NULL, "no word for %d", error);
    }
}

static void test_codes(void) {
    static const struct {
        int32_t code;
        const char *name;
    } codes[] = {
        {-1, "input-length"}, {-2, "not-ready"}, {-3, "model"}, {-4, "argument"},
        {-5, "internal"}, {-6, "unsupported"}, {-7, "unknown"}, {-999, "unknown"},
        {-1000, "own"}, {-1999, "own"}, {-2000, "unknown"}, {INT32_MIN, "unknown"},
        {1, "unknown"},
    };
    check_case("error_codes");
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        check_text(avm_code_name(codes[i].code), codes[i].name);
    }
}

static void test_texts(void) {
    avm_fault_t fault;
    check_case("error_numbers");
    avm_fault(&fault, AVM_TRAP, "");
    avm_fault_number(&fault, 0);
    avm_fault_text(&fault, " ");
    avm_fault_number(&fault, INT64_MIN);
    avm_fault_text(&fault, " ");
    avm_fault_number(&fault, INT64_MAX);
    check_text(fault.text, "0 -9223372036854775808 9223372036854775807");
    check_case("error_text_is_cut");
    for (int i = 0; i < 50; i++) {
        avm_fault_text(&fault, "long and longer ");
    }
    check(strlen(fault.text) == AVM_FAULT_TEXT_BYTES - 1, "%zu bytes", strlen(fault.text));
    check_case("error_starts_afresh");
    check(avm_fault(&fault, AVM_CODE, "new") == AVM_CODE, "another error");
    check_text(fault.text, "new");
    check(fault.function == AVM_FAULT_NO_FUNCTION && fault.code == 0, "old numbers");
}

static void test_utf8(void) {
    static const char *const good[] = {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "gr\xc3\xbc\xc3\x9f"};
    static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ",
        "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80 ", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3"};
    check_case("utf8_good");
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        blob_t exact = blob_copy((const uint8_t *)good[i], strlen(good[i]));
        check(avm_utf8_check(exact.bytes, exact.length), "refused %zu", i);
        blob_free(&exact);
    }
    check_case("utf8_bad");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        blob_t exact = blob_copy((const uint8_t *)bad[i], strlen(bad[i]));
        check(!avm_utf8_check(exact.bytes, exact.length), "took %zu", i);
        blob_free(&exact);
    }
}

int main(void) {
    test_words();
    test_codes();
    test_texts();
    test_utf8();
    return check_end();
}
