/* SPDX-License-Identifier: MIT
 *
 * words_map - FILE's words and how often each occurs, most first, as one would write it in C++
 * without a library: a std::unordered_map a thread, merged and sorted in the end. In its favour, the
 * file is mapped and keys are views of it, so that no word is copied.
 */
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

using counts = std::unordered_map<std::string_view, std::uint64_t>;

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Counts the words that begin in [at, end). */
static void count(std::string_view text, std::size_t at, std::size_t end, counts &into)
{
    if (at > 0)
        while (at < end && !is_space(text[at - 1]))
            at++;
    while (at < end) {
        const std::size_t begin = at;
        while (at < text.size() && !is_space(text[at]))
            at++;
        if (at > begin)
            into[text.substr(begin, at - begin)]++;
        at++;
    }
}

int main(int argc, char **argv)
{
    const int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        std::fprintf(stderr, "usage: words_map FILE\n");
        return 1;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void *bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) {
        std::perror("words_map");
        return 1;
    }
    const std::string_view text(static_cast<const char *>(bytes), size);

    const std::size_t workers = std::max(1u, std::thread::hardware_concurrency());
    std::vector<counts> parts(workers);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < workers; i++)
        threads.emplace_back(count, text, size * i / workers, size * (i + 1) / workers,
                             std::ref(parts[i]));
    for (auto &thread : threads)
        thread.join();

    counts &all = parts[0];
    for (std::size_t i = 1; i < workers; i++)
        for (const auto &[word, number] : parts[i])
            all[word] += number;
    std::vector<std::pair<std::string_view, std::uint64_t>> sorted(all.begin(), all.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    for (const auto &[word, number] : sorted)
        std::printf("%.*s\t%ju\n", static_cast<int>(word.size()), word.data(),
                    static_cast<std::uintmax_t>(number));
    return std::fflush(stdout) == 0 ? 0 : 1;
}
