using System.Text;
using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;

namespace Engine.Tests.Dsl;

public sealed class StreamsBuilderTests
{
    private readonly StreamsBuilder builder = new("app");

    private KStream<string, string> Words => builder.Stream("words", Serdes.Utf8, Serdes.Utf8);

    [Fact]
    public void Steps_without_state_filter_map_and_part_records()
    {
        var seen = new List<string>();
        var branches = Words.Filter((_, value) => value != "no").FilterNot((key, _) => key == "x")
            .MapValues((_, value) => value.ToUpperInvariant())
            .Peek(record => seen.Add(record.Value))
            .FlatMap((key, value) => value.Select(letter => KeyValuePair.Create(key, letter.ToString())))
            .Branch("letters", ("a", (_, value) => value == "A"), ("b", (_, value) => value == "B"));
        branches[1].Merge(branches[0]).SelectKey((_, value) => value).To("out", Serdes.Utf8, Serdes.Utf8);
        using var driver = new TopologyTestDriver(builder.Build());

        Pipe(driver, "words", ("k", "abc"), ("x", "ab"), ("k", "no"));

        Assert.Equal(["A A", "B B"], Read(driver, "out"));
        Assert.Equal(["ABC"], seen);
    }

    [Fact]
    public void Names_are_given_or_follow_from_the_node_before()
    {
        Words.MapValues((_, value) => value).Filter((_, _) => true, "mine").To("out", Serdes.Utf8, Serdes.Utf8);
        Words.MapValues((_, value) => value).To("again", Serdes.Utf8, Serdes.Utf8);

        var text = builder.Build().Describe();

        Assert.Contains("words-map-values ", text, StringComparison.Ordinal);
        Assert.Contains("words-map-values-2 ", text, StringComparison.Ordinal);
        Assert.Contains("Processor: mine ", text, StringComparison.Ordinal);
        Assert.Contains("Sink: out-sink (topic: out)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_topic_that_is_read_twice_is_one_source_and_has_one_kind_of_values()
    {
        Assert.Same(Words, Words);

        var error = Assert.Throws<TopologyException>(() => builder.Stream("words", Serdes.Utf8, Serdes.Bytes));
        Assert.Contains("'words' is read as String, String already", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_whose_keys_were_changed_is_not_joined_or_grouped_until_it_is_partitioned_again()
    {
        var rekeyed = Words.SelectKey((_, value) => value, "by-value");

        var error = Assert.Throws<TopologyException>(() => rekeyed.GroupByKey(Serdes.Utf8));
        Assert.Contains("'by-value' may have changed its keys", error.Message, StringComparison.Ordinal);
        Assert.Throws<TopologyException>(() => Words.Join(
            rekeyed, JoinWindows.OfTimeDifferenceAndGrace(TimeSpan.FromSeconds(1), TimeSpan.Zero),
            (in Joined<string, string, string> pair) => pair.Left!,
            new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8)));

        rekeyed.Repartition("again", Serdes.Utf8, Serdes.Utf8).GroupByKey(Serdes.Utf8).Count("counts");
        Words.SelectKey((_, value) => value, keepsPartition: true).GroupByKey(Serdes.Utf8).Count("more-counts");
    }

    [Fact]
    public void A_repartition_topic_is_the_applications_own_and_names_what_writes_it()
    {
        Words.SelectKey((_, value) => value).Repartition("by-value", Serdes.Utf8, Serdes.Utf8)
            .To("out", Serdes.Utf8, Serdes.Utf8);
        var topology = builder.Build();

        var source = topology.SubTopologies[1].Sources.Single();
        Assert.Equal("app-by-value-repartition", source.Topic);
        Assert.True(source.Options.IsRepartition);
        Assert.Equal(["words"], source.Options.Upstream!.Sources.Select(s => s.Topic));
        using var driver = new TopologyTestDriver(topology, partitionCount: 3);
        Pipe(driver, "words", ("k1", "v"), ("k2", "v"), ("k3", "v"));
        Assert.Equal(3, driver.ReadOutputs("out").Count);
        Assert.Equal(3, Enumerable.Range(0, 3).Max(p => driver.Log("app-by-value-repartition", p).Count));
    }

    [Fact]
    public void A_record_meets_what_a_table_has_for_its_key_when_it_comes()
    {
        var orders = builder.Table("orders", Serdes.Utf8, Serdes.Utf8, "orders");
        Words.Join(orders, (_, word, order) => $"{word}/{order}").To("inner", Serdes.Utf8, Serdes.Utf8);
        Words.LeftJoin(orders, (_, word, order) => $"{word}/{order ?? "none"}").To("left", Serdes.Utf8, Serdes.Utf8);
        using var driver = new TopologyTestDriver(builder.Build());

        Pipe(driver, "words", ("k", "early"));
        Pipe(driver, "orders", ("k", "first"), ("k", "second"));
        Pipe(driver, "words", ("k", "then"), ("k", null), (null, "keyless"));
        driver.RestartFromJournal();
        Pipe(driver, "words", ("k", "restarted"));
        Pipe(driver, "orders", ("k", null));
        Pipe(driver, "words", ("k", "deleted"));

        Assert.Equal(["k then/second", "k restarted/second"], Read(driver, "inner"));
        Assert.Equal(
            ["k early/none", "k then/second", "null keyless/none", "k restarted/second", "k deleted/none"],
            Read(driver, "left"));
    }

    [Fact]
    public void Aggregates_fold_by_key_and_survive_a_restart()
    {
        var group = Words.GroupByKey(Serdes.Utf8);
        group.Count("counts").ToStream().MapValues((_, count) => $"{count.Value}")
            .To("counted", Serdes.Utf8, Serdes.Utf8);
        group.Reduce("longest", (sum, value) => value.Length > sum.Length ? value : sum, Serdes.Utf8).ToStream()
            .To("reduced", Serdes.Utf8, Serdes.Utf8);
        using var driver = new TopologyTestDriver(builder.Build());

        Pipe(driver, "words", ("k", "a"), ("k", "abc"), ("q", "x"), ("k", null), (null, "y"));
        driver.RestartFromJournal();
        Pipe(driver, "words", ("k", "ab"));

        Assert.Equal(["k 1", "k 2", "q 1", "k 3"], Read(driver, "counted"));
        Assert.Equal(["k a", "k abc", "q x", "k abc"], Read(driver, "reduced"));
    }

    [Fact]
    public void Stores_of_a_join_are_described_and_only_its_buffer_has_a_changelog()
    {
        var other = builder.Stream("others", Serdes.Utf8, Serdes.Utf8);
        Words.OuterJoin(
            other, JoinWindows.OfTimeDifferenceAndGrace(TimeSpan.FromSeconds(1), TimeSpan.Zero),
            (in Joined<string, string, string> pair) => $"{pair.Left}{pair.Right}",
            new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8)).Results.To("out", Serdes.Utf8, Serdes.Utf8);
        var topology = builder.Build();

        Assert.Contains(
            "Processor: pairs-left (stores: [pairs-buffer, pairs-expiry, pairs-due-left, pairs-due-right])",
            topology.Describe(), StringComparison.Ordinal);
        Assert.Equal(["pairs-buffer"], topology.SubTopologies.Single().ChangelogStores.Select(s => s.Name));
    }

    [Theory]
    [InlineData(-11, 10, 0)]
    [InlineData(1, 367 * 86_400, 0)]
    [InlineData(1, 1, -1)]
    public void Windows_that_are_none_are_refused(int beforeSeconds, int afterSeconds, int graceSeconds)
    {
        var windows = new JoinWindows(
            TimeSpan.FromSeconds(beforeSeconds), TimeSpan.FromSeconds(afterSeconds),
            TimeSpan.FromSeconds(graceSeconds));

        var error = Assert.Throws<TopologyException>(() => Words.Join(
            Words, windows, (in Joined<string, string, string> pair) => pair.Left!,
            new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8)));
        Assert.Contains("'pairs'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_topology_has_254_stores_at_most()
    {
        var group = Words.GroupByKey(Serdes.Utf8);
        for (var number = 0; number < 254; number++)
        {
            group.Count($"store-{number}");
        }

        var error = Assert.Throws<TopologyException>(() => group.Count("one-more"));
        Assert.Contains("254 stores", error.Message, StringComparison.Ordinal);
    }

    private static void Pipe(TopologyTestDriver driver, string topic, params (string? Key, string? Value)[] records)
    {
        foreach (var (key, value) in records)
        {
            driver.PipeInput(topic, Bytes(key), Bytes(value), driver.NowMs);
        }
    }

    private static List<string> Read(TopologyTestDriver driver, string topic) =>
        [.. driver.ReadOutputs(topic).Select(r => $"{Text(r.Key)} {Text(r.Value)}")];

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static string Text(byte[]? bytes) => bytes is null ? "null" : Encoding.UTF8.GetString(bytes);
}
