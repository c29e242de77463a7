using System.Buffers.Binary;
using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>Sorted runs against a sorted dictionary.</summary>
public sealed class OrderedRunsTests
{
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 5_000)]
    [InlineData(3, 1_000_000)]
    [InlineData(4, 1)]
    public void A_range_is_what_a_sorted_dictionary_would_give_and_stays_so_while_more_is_added(int seed, int keyCount)
    {
        var random = new Random(seed);
        var runs = new OrderedRuns<string>();
        var model = new SortedDictionary<int, string?>();
        var begun = new List<(IEnumerator<RunEntry<string>> Scan, IEnumerator<KeyValuePair<int, string?>> Expected)>();

        for (var round = 0; round < 200; round++)
        {
            // Few most times, so that runs of all lengths are merged; sometimes more than a run holds.
            var count = random.Next(20) == 0 ? random.Next(OrderedRuns<string>.RunLimit * 2) : random.Next(40);
            for (var n = 0; n < count; n++)
            {
                var key = random.Next(keyCount);
                var value = random.Next(4) == 0 ? null : $"{round}/{n}";
                runs.Add(new RunEntry<string>(Bytes(key), value));
                model[key] = value;
            }
            if (round % 10 == 0)
            {
                var from = random.Next(keyCount);
                var to = random.Next(3) == 0 ? (int?)null : random.Next(keyCount + 1);
                var taken = new List<RunEntry<string>[]>();
                runs.Take(taken);
                var scan = RunMerge.Read(taken, Bytes(from), to is { } end ? Bytes(end) : null).GetEnumerator();
                var expected = model.Where(e => e.Key >= from && (to is null || e.Key < to)).ToList();
                begun.Add((scan, expected.GetEnumerator()));
            }
            begun.RemoveAll(b => !IsRight(b.Scan, b.Expected, steps: random.Next(50)));
        }

        Assert.All(begun, b => Assert.False(IsRight(b.Scan, b.Expected, int.MaxValue)));
    }

    [Fact]
    public void Runs_are_few_however_often_they_are_taken_and_none_is_longer_than_the_limit()
    {
        var runs = new OrderedRuns<string>();
        var taken = new List<RunEntry<string>[]>();
        const int count = 200_000;

        for (var key = 0; key < count; key++)
        {
            runs.Add(new RunEntry<string>(Bytes(key), "value"));
            if (key % 100 == 0)
            {
                taken.Clear();
                runs.Take(taken);
            }
        }
        taken.Clear();
        runs.Take(taken);

        Assert.Equal(count, taken.Sum(r => r.Length));
        Assert.InRange(taken.Count, 1, (2 * count / OrderedRuns<string>.RunLimit) + 16);
        Assert.All(taken, r => Assert.InRange(r.Length, 1, OrderedRuns<string>.RunLimit));
    }

    // Whether there is more to come; what came is compared.
    private static bool IsRight(
        IEnumerator<RunEntry<string>> scan, IEnumerator<KeyValuePair<int, string?>> expected, int steps)
    {
        for (; steps > 0; steps--)
        {
            var hasMore = expected.MoveNext();
            Assert.Equal(hasMore, scan.MoveNext());
            if (!hasMore)
            {
                return false;
            }
            Assert.Equal(
                (expected.Current.Key, expected.Current.Value),
                (BinaryPrimitives.ReadInt32BigEndian(scan.Current.Key), scan.Current.Value));
        }
        return true;
    }

    private static byte[] Bytes(int key)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, key);
        return bytes;
    }
}
