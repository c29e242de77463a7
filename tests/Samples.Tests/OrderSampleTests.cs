using System.Globalization;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>
/// A producer and a subscriber in each language: the same order, and a view of it that outlives kill -9.
/// </summary>
public sealed class OrderSampleTests(SharedDev dev)
{
    [Fact]
    public Task Confluents_serdes_sell_two_seats_and_a_killed_subscriber_goes_on_where_it_was() => SellAsync(
        "concert",
        (pool, order) => SampleProgram.Start(
            "confluent-kafka", "confluent-kafka-sample", "produce", Bootstrap, Registry, pool, order),
        state => SampleProgram.Start(
            "confluent-kafka", "confluent-kafka-sample", "subscribe", Bootstrap, Registry, state));

    [Fact]
    public async Task Python_sells_two_seats_and_a_killed_subscriber_goes_on_where_it_was()
    {
        await OtherLanguages.SkipUnlessPythonHasAsync("confluent_kafka", "avro");

        await SellAsync(
            "gallery",
            (pool, order) => OtherLanguages.StartPython("producer.py", Bootstrap, Registry, pool, order),
            state => OtherLanguages.StartPython("subscriber.py", Bootstrap, Registry, state));
    }

    [Fact]
    public async Task JavaScript_sells_two_seats_and_a_killed_subscriber_goes_on_where_it_was()
    {
        OtherLanguages.SkipUnlessNodeHas("kafkajs", "avsc");

        await SellAsync(
            "cinema",
            (pool, order) => OtherLanguages.StartNode("producer.js", Bootstrap, Registry, pool, order),
            state => OtherLanguages.StartNode("subscriber.js", Bootstrap, Registry, state));
    }

    private string Bootstrap => dev.Deployment.Bootstrap;

    private string Registry => dev.Deployment.Registry;

    private static async Task SellAsync(
        string pool, Func<string, string, AllocProcess> produce, Func<string, AllocProcess> subscribe)
    {
        using var directory = new TemporaryDirectory();

        await OrderAsync(produce, pool);
        var first = await FollowAsync(subscribe, directory["view"], pool, until: 4);
        // Whoever orders again gets the first answers: four more outcomes, and nothing that changes.
        await OrderAsync(produce, pool);
        var second = await FollowAsync(subscribe, directory["view"], pool, until: 8);

        Assert.Equal([$"{pool}#3 Held, 98 free", $"{pool}#4 Confirmed, 98 free"], first.Skip(2));
        Assert.Equal([5, 6, 7, 8], second.Select(Sequence));
        Assert.All(second, line => Assert.EndsWith(", 98 free", line, StringComparison.Ordinal));
    }

    private static async Task OrderAsync(Func<string, string, AllocProcess> produce, string pool)
    {
        await using var producer = produce(pool, $"{pool}-order");
        var result = await producer.WaitForExitAsync(SampleProgram.Deadline);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>Lets it follow until it has said a pool's outcome, and kills it.</summary>
    private static async Task<IReadOnlyList<string>> FollowAsync(
        Func<string, AllocProcess> subscribe, string state, string pool, int until)
    {
        await using var subscriber = subscribe(state);
        await subscriber.WaitForLineAsync($"{pool}#{until} ", SampleProgram.Deadline);
        await subscriber.KillAsync();
        return [.. subscriber.Said.Split('\n').Where(l => l.StartsWith($"{pool}#", StringComparison.Ordinal))];
    }

    private static int Sequence(string line) =>
        int.Parse(line.Split('#', ' ')[1], CultureInfo.InvariantCulture);
}
