using System.Text;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

/// <summary>
/// What cannot be a command goes to the dead-letter topic with its reason and origin; the partition goes on.
/// </summary>
public sealed class BadRecordTests(SharedDev dev) : IClassFixture<SharedDev>
{
    /// <summary>
    /// What librdkafka's producers take at most, by default: key, value, headers and a few bytes around them.
    /// </summary>
    private const int LargestMessage = 1_000_000;

    public static TheoryData<string, byte[]?> Rubbish => new()
    {
        { "empty", [] },
        { "null", null },
        { "too-short", [0, 0, 0] },
        { "wrong-magic", [1, 0, 0, 0, 1, 2, 3] },
        { "unknown-schema", [0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3] },
        { "text", Encoding.UTF8.GetBytes("{\"hold\": 2}") },
    };

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task A_record_that_is_no_command_is_a_dead_letter_and_the_next_command_is_decided(
        string name, byte[]? value)
    {
        var pool = $"rubbish-{name}";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(pool, 10);

        var bad = await client.WriteAsync(Encoding.UTF8.GetBytes(pool), value, CommandClient.PartitionOf(pool));
        var next = await client.AskAsync(CommandClient.Command($"{pool}-hold", pool, CommandClient.Hold("r", 1)));

        Assert.IsType<AllocationOutcomeEvent.Held>(next.Event);
        await ExpectDeadLetterAsync(client, bad);
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("trailing")]
    public async Task A_damaged_command_is_a_dead_letter_and_the_next_one_is_decided(string damage)
    {
        var pool = $"damaged-{damage}";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(pool, 10);
        var whole = client.Encode(CommandClient.Command($"{pool}-bad", pool, CommandClient.Hold("bad", 1)));

        var bad = await client.WriteAsync(
            Encoding.UTF8.GetBytes(pool), damage == "truncated" ? whole[..^3] : [.. whole, 1, 2, 3],
            CommandClient.PartitionOf(pool));
        var next = await client.AskAsync(CommandClient.Command($"{pool}-hold", pool, CommandClient.Hold("r", 1)));

        Assert.IsType<AllocationOutcomeEvent.Held>(next.Event);
        await ExpectDeadLetterAsync(client, bad);
    }

    [Theory]
    [InlineData(100)]
    public async Task A_command_whose_outcome_no_broker_takes_is_a_dead_letter_and_the_next_one_is_decided(int below)
    {
        var pool = $"too-large-{below}";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(pool, 10);
        AllocationCommand Block(string reason) => CommandClient.Command(
            $"{pool}-bad", pool, new AllocationCommandBody.Block { Quantity = 1, Reason = reason });
        var room = LargestMessage - below - client.Encode(Block("")).Length - pool.Length;

        var bad = await client.WriteAsync(
            Encoding.UTF8.GetBytes(pool),
            client.Encode(Block(new string('c', room))),
            CommandClient.PartitionOf(pool));
        var next = await client.AskAsync(CommandClient.Command($"{pool}-hold", pool, CommandClient.Hold("r", 1)));

        Assert.Equal((9, 1), (next.BalancesAfter.Free, next.BalancesAfter.Held));
        var headers = await ExpectDeadLetterAsync(client, bad);
        Assert.Contains("allocation.outcomes", headers["__streams.errors.message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_without_a_key_or_in_the_wrong_partition_decides_nothing()
    {
        const string Pool = "misplaced";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);
        var right = CommandClient.PartitionOf(Pool);
        var wrong = (right + 1) % CommandClient.PartitionCount;

        var noKey = await client.WriteAsync(
            null, client.Encode(CommandClient.Command("no-key", Pool, CommandClient.Hold("no-key", 1))), right);
        var misplaced = await client.WriteAsync(
            Encoding.UTF8.GetBytes(Pool),
            client.Encode(CommandClient.Command("wrong-partition", Pool, CommandClient.Hold("wrong", 1))), wrong);
        var otherKey = await client.WriteAsync(
            Encoding.UTF8.GetBytes("other"),
            client.Encode(CommandClient.Command("other-key", Pool, CommandClient.Hold("other", 1))), right);
        var next = await client.AskAsync(CommandClient.Command("misplaced-hold", Pool, CommandClient.Hold("r", 1)));

        Assert.Equal(9, next.BalancesAfter.Free);
        Assert.Equal(1, next.BalancesAfter.Held);
        foreach (var at in new[] { noKey, misplaced, otherKey })
        {
            await ExpectRefusalAsync(client, at);
        }
    }

    [Fact]
    public async Task The_history_with_all_of_them_is_sound()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("sound", 10);
        await client.WriteAsync(Encoding.UTF8.GetBytes("sound"), [9, 9, 9], CommandClient.PartitionOf("sound"));
        await client.AskAsync(CommandClient.Command("sound-hold", "sound", CommandClient.Hold("r", 1)));

        var found = await Proof.VerifyAsync(dev.Deployment);

        Assert.True((long)found["deadLetters"]! > 0);
    }

    /// <summary>Refused either way: with an outcome that says why, or as a dead letter.</summary>
    private static async Task ExpectRefusalAsync(CommandClient client, TopicPartitionOffset at)
    {
        var rejected = client.AnswerAsync(at);
        var dead = client.DeadLetterAsync(at);
        var first = await Task.WhenAny(rejected, dead);
        if (first == rejected && rejected.IsCompletedSuccessfully)
        {
            Assert.IsType<AllocationOutcomeEvent.Rejected>((await rejected).Event);
        }
        else
        {
            Assert.NotEmpty((await dead)["__streams.errors.message"]);
        }
    }

    private static async Task<Dictionary<string, string>> ExpectDeadLetterAsync(
        CommandClient client, TopicPartitionOffset bad)
    {
        var headers = await client.DeadLetterAsync(bad);
        Assert.Equal(CommandClient.Commands, headers["__streams.errors.topic"]);
        Assert.Equal($"{bad.Partition.Value}", headers["__streams.errors.partition"]);
        Assert.NotEmpty(headers["__streams.errors.message"]);
        return headers;
    }
}
