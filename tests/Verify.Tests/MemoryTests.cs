using Alloc.Client;
using Alloc.Verify;

namespace Verify.Tests;

/// <summary>What is measured in this process, alone.</summary>
[CollectionDefinition("memory", DisableParallelization = true)]
public sealed class MemoryCollection;

/// <summary>What the checker keeps is bounded by what is remembered, not by how long the journal is.</summary>
[Collection("memory")]
public sealed class MemoryTests
{
    private const int Many = 200_000;
    private const int AtOnce = 1_000;

    [Fact]
    public void Ids_that_are_forgotten_leave_no_room_taken()
    {
        var remembered = new RememberedCommands();
        var outcome = History.Sound().Outcomes[0];
        for (var time = 0; time < Many; time++)
        {
            remembered.Put(Fingerprint.Of($"c{time}"), outcome with { TimeMs = time }, time + AtOnce);
        }

        Assert.True(remembered.Count <= 3 * AtOnce, $"{remembered.Count} are kept");
        Assert.NotNull(remembered.Find(Fingerprint.Of($"c{Many - AtOnce}"), Many - 1));
        Assert.Null(remembered.Find(Fingerprint.Of($"c{Many - AtOnce}"), Many));
    }

    [Fact]
    public void An_id_takes_no_more_than_the_documentation_says()
    {
        const int Ids = 1_000_000;
        var outcome = History.Sound().Outcomes[0];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var remembered = new RememberedCommands();
        for (var id = 0; id < Ids; id++)
        {
            remembered.Put(Fingerprint.Of($"c{id}"), outcome, long.MaxValue);
        }

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Ids;

        Assert.Equal(Ids, remembered.Count);
        Assert.InRange(each, 16, 150);
    }

    [Fact]
    public void A_command_that_waits_is_remembered_until_it_is_decided()
    {
        var remembered = new RememberedCommands();
        var outcome = History.Sound().Outcomes[0] with { Answer = AnswerKind.Provisional };

        remembered.Put(Fingerprint.Of("c"), outcome, 5);

        Assert.NotNull(remembered.Find(Fingerprint.Of("c"), 1_000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sequences_in_any_order_are_known_as_a_set_would_know_them(int seed)
    {
        var random = new Random(seed);
        var (ranges, plain) = (new SequenceSet(), new HashSet<long>());
        for (var step = 0; step < 20_000; step++)
        {
            var sequence = random.NextInt64(1, 500);
            if (random.Next(200) == 0)
            {
                ranges.RemoveThrough(sequence);
                plain.RemoveWhere(s => s <= sequence);
            }
            else
            {
                Assert.Equal(plain.Add(sequence), ranges.Add(sequence));
            }
        }
    }
}
