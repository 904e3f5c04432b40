#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Numbers are read, written, ordered and added as Python's decimal does.

Texts and lists of numbers are generated to be hostile: any number of digits before and behind the
point, runs of nines and zeros, huge exponents, blanks, bytes that belong to no number, numbers that
cancel, scales far apart. Codes must be ordered as the numbers are, and none may begin with another.
What is random is so by a fixed seed.
"""
import os
import random
import re
import subprocess
import sys
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

random.seed(24)
SOURCE = os.environ["MRCOUNT_SOURCE"]
NUMBERS, LISTS = (10000, 2000) if os.environ.get("MRCOUNT_VARIANT") else (40000, 6000)
NUMBER = re.compile(r"[ \t]*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?[ \t\r]*", re.A)
EXACT = Context(prec=400, Emax=10**6, Emin=-10**6, traps=[Inexact])
MOST = 10**38


def want(text):
    """A fault, or 0; the digits and the scale of a text."""
    found = NUMBER.fullmatch(text)
    if not found or not (found[2] or found[3]):
        return 1, None
    fraction = found[3] or ""
    digits, scale = int(found[2] + fraction), len(fraction) - int(found[4] or 0)
    if digits == 0:
        return 0, (0, scale if 0 <= scale <= 18 else 0)
    if scale > 18 or digits >= MOST:
        while scale > 0 and digits % 10 == 0:
            digits //= 10
            scale -= 1
    if scale > 18 or len(str(digits)) - min(scale, 0) > 38:
        return 2, None
    digits, scale = digits * 10 ** max(0, -scale), max(scale, 0)
    return 0, (-digits if found[1] == "-" else digits, scale)


def shown(digits, scale):
    return format(Decimal(digits).scaleb(-scale, EXACT) if digits else Decimal(0).scaleb(-scale, EXACT), "f")


def stripped(digits, scale):
    while scale > 0 and digits % 10 == 0:
        digits //= 10
        scale -= 1
    return digits, scale


def random_digits(sizes):
    choice = random.choice(("0123456789", "0123456789", "0009", "9"))
    return "".join(random.choices(choice, k=random.choice(sizes)))


def random_text():
    text = random.choice(("", "", "", "-", "+"))
    text += random_digits((0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 17, 18, 19, 20, 25, 37, 38, 39, 45))
    if random.random() < 0.6:
        text += "." + random_digits((0, 0, 1, 2, 3, 5, 8, 9, 16, 17, 18, 19, 20, 30))
    if random.random() < 0.25:
        exponents = ("0", "1", "2", "3", "5", "10", "18", "20", "37", "38", "400", "007", "9" * 25)
        text += random.choice("eeE") + random.choice(("", "-", "+")) + random.choice(exponents)
    if random.random() < 0.1:
        text = random.choice((" ", "\t", "  ")) + text
    if random.random() < 0.1:
        text += random.choice((" ", "\t", "\r", " \r"))
    if random.random() < 0.1:
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(".-+e ,x/:0\x00\x80\xff~\r") + text[at + random.randrange(2):]
    return text


def random_numbers():
    """Texts of numbers that are added."""
    kind = random.randrange(5)
    numbers = []
    for _ in range(random.choice((1, 2, 3, 10, 50))):
        digits = random.randrange(10 ** random.choice((1, 4, 9, 17, 18, 19, 36, 37, 38)))
        if kind == 0:
            digits %= 10**6
        scale = 2 if kind in (0, 1) else random.choice((0, 0, 2, 6, 18))
        number = shown(random.choice((1, -1)) * digits, scale)
        numbers.append(number)
        if kind == 2 and random.random() < 0.8:
            numbers.append(number[1:] if number[0] == "-" else "-" + number)
    random.shuffle(numbers)
    return numbers


def want_sums(numbers):
    values = [Decimal(number) for number in numbers]
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    # The mean by whole numbers: the decimal module would round twice.
    up = int(total.scaleb(24, EXACT))
    quotient, rest = divmod(abs(up), len(values) * 10**18)
    twice = 2 * rest - len(values) * 10**18
    quotient += twice > 0 or (twice == 0 and quotient % 2)

    def text(digits, scale):
        digits, scale = stripped(digits, scale)
        return shown(digits, scale) if abs(digits) < MOST else "!"

    def kept(best):
        equal = [value for value in values if value == best]
        fewest = max(equal, key=lambda value: value.as_tuple().exponent)
        digits = int(fewest.scaleb(-fewest.as_tuple().exponent, EXACT))
        return shown(digits, -fewest.as_tuple().exponent)

    return " ".join((text(int(total.scaleb(18, EXACT)), 18), text(-quotient if up < 0 else quotient, 6),
                     kept(min(values)), kept(max(values))))


def main():
    assert want_sums(["0.0000005", "0"]) == "0.0000005 0 0 0.0000005"
    assert Decimal("0.0000015").quantize(Decimal("0.000001"), ROUND_HALF_EVEN) == Decimal("0.000002")
    values, base = f"{SOURCE}/src/values", f"{SOURCE}/src/base"
    sources = [f"{values}/{name}.c" for name in ("decimal", "decimal_parse", "decimal_code", "sums", "wide")]
    sources += [f"{base}/{name}.c" for name in ("digits", "thread", "test_hooks")]
    subprocess.run([*os.environ.get("CC", "cc").split(), "-std=c11", "-D_GNU_SOURCE", "-O2", "-pthread",
                    f"-I{SOURCE}/src", "-o", "decimals", f"{SOURCE}/tests/values/decimals.c", *sources], check=True)

    texts = [random_text() for _ in range(NUMBERS)]
    texts += ["0." + "0" * 1000 + "1e1001", "1" + "0" * 1000 + "e-1000", "1" + "0" * 1000 + "e-963",
              "1" + "0" * 1000 + "e-962", "9" * 38, "-" + "9" * 38, "9" * 38 + ".0", "0." + "0" * 17 + "1"]
    lists = [random_numbers() for _ in range(LISTS)]
    lines = [f"n {text}" for text in texts] + [f"s {' '.join(numbers)}" for numbers in lists]
    done = subprocess.run(["./decimals"], input="".join(line + "\n" for line in lines).encode("latin1"),
                          stdout=subprocess.PIPE, check=True)
    got = done.stdout.decode().split("\n")[:-1]
    if len(got) != len(lines):
        sys.exit(f"{len(got)} answers to {len(lines)} lines")

    codes = []
    for text, line in zip(texts, got):
        fault, number = want(text)
        parts = line.split(" ")
        if number:
            codes.append((number[0] * 10 ** (18 - number[1]), number[1], bytes.fromhex(parts.pop())))
        wanted = [str(fault)] + ([shown(*number), shown(*stripped(*number))] if number else [])
        if parts != wanted:
            sys.exit(f"{text!r} is {line!r}, and should be {wanted}")
    codes.sort(key=lambda code: code[:2])
    for one, next_one in zip(codes, codes[1:]):
        same = one[:2] == next_one[:2]
        if one[2] != next_one[2] if same else one[2] >= next_one[2] or next_one[2].startswith(one[2]):
            sys.exit(f"the codes of {one} and {next_one}")
    for numbers, line in zip(lists, got[len(texts):]):
        if line != want_sums(numbers):
            sys.exit(f"{numbers}: {line}, and should be {want_sums(numbers)}")


main()
