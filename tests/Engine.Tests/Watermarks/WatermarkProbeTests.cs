using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Engine.Watermarks;
using Engine.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Engine.Tests.Watermarks;

/// <summary>What the ends of source partitions prove, and when: the broker is a script, one look is one step.</summary>
public sealed class WatermarkProbeTests : IDisposable
{
    private static readonly TopicPartition Source = new("source", 0);
    private static readonly TopicPartition In0 = new("in", 0);
    private static readonly TopicPartition In1 = new("in", 1);
    private static readonly SourceUpstream Upstream = new("writers", [new UpstreamSource("in")]);
    private readonly FakeTimeProvider clock = FakeClock.At(5_000_000_000);
    private readonly ScriptedBroker broker = new();

    public WatermarkProbeTests()
    {
        broker.EndOffsets[Source] = 10;
        (broker.EndOffsets[In0], broker.EndOffsets[In1]) = (5, 5);
        (broker.Offsets[("writers", In0)], broker.Offsets[("writers", In1)]) = (5, 5);
    }

    [Fact]
    public void The_clock_is_read_before_the_ends_are_asked_for()
    {
        using var probe = Probe(null);

        Look(probe);

        Assert.Equal(["clock of app-clock", "ends of source-0"], broker.Asked);
        Assert.Equal(new KnownEnd(1_000_000, 10), probe.Known[Source]);
    }

    [Fact]
    public void An_end_holds_for_the_time_before_it_was_asked_for_though_the_clock_goes_on_meanwhile()
    {
        using var probe = Probe(null);
        broker.OnEnds = () => broker.ClockMs = 1_900_000;

        Look(probe);

        Assert.Equal(1_000_000, probe.Known[Source].ClockMs);
    }

    [Fact]
    public void While_the_clock_is_not_answered_nothing_new_is_known_and_that_is_said()
    {
        using var probe = Probe(null);
        Look(probe);
        broker.ClockMs = null;
        broker.EndOffsets[Source] = 20;

        Look(probe);
        clock.Advance(TimeSpan.FromHours(1));
        Look(probe);

        Assert.Equal(new KnownEnd(1_000_000, 10), probe.Known[Source]);
        Assert.Equal("the broker's clock is not read: Local: Message timed out", probe.Problem);
    }

    [Theory]
    [InlineData(LogFailure.Abort, 1)]
    [InlineData(LogFailure.NewProducer, 2)]
    public void A_producer_of_the_clock_that_is_beyond_help_is_replaced(LogFailure failure, int producers)
    {
        using var probe = Probe(null);
        (broker.ClockMs, broker.Failure) = (null, failure);
        Look(probe);

        Look(probe, 1_000_000);

        Assert.Equal((1_000_000, producers), (probe.Known[Source].ClockMs, broker.AppenderCount));
    }

    [Fact]
    public void A_clock_that_is_set_back_makes_nothing_known_twice()
    {
        using var probe = Probe(null);
        Look(probe);

        Look(probe, 900_000);

        Assert.Equal(1_000_000, probe.Known[Source].ClockMs);
    }

    [Fact]
    public void A_source_with_an_upstream_is_known_when_the_group_has_got_to_where_its_own_sources_ended()
    {
        using var probe = Probe(Upstream);
        broker.Offsets[("writers", In1)] = 4;
        Look(probe);
        Look(probe, 1_001_000);
        var before = probe.Known.ContainsKey(Source);
        var held = probe.Held["source"];
        // What the group wrote for the last record counts; what came later into its sources does not.
        broker.Offsets[("writers", In1)] = 5;
        (broker.EndOffsets[In1], broker.EndOffsets[Source]) = (900, 12);

        Look(probe, 1_002_000);

        Assert.False(before);
        Assert.Equal("group writers has committed in-1 up to 4 of 5", held);
        Assert.Equal(new KnownEnd(1_001_000, 12), probe.Known[Source]);
    }

    [Fact]
    public void A_group_that_arrives_makes_its_source_known_a_look_later()
    {
        using var probe = Probe(Upstream);

        Look(probe);
        Look(probe, 1_001_000);

        Assert.Equal(new KnownEnd(1_000_000, 10), probe.Known[Source]);
        Assert.Equal(["clock of app-clock", "ends of in-0 in-1", "clock of app-clock", "offsets of writers",
            "ends of in-0 in-1 source-0"], broker.Asked);
    }

    [Theory]
    [InlineData(PlantedFault.None, false)]
    [InlineData(PlantedFault.ClosesByTheFastestPartition, true)]
    public void One_fast_partition_of_the_upstream_tells_nothing_of_the_slow_one(PlantedFault fault, bool isKnown)
    {
        using var probe = Probe(Upstream, new PlantedRules(fault));
        broker.Offsets[("writers", In0)] = 5;
        broker.Offsets[("writers", In1)] = 1;

        for (var look = 0; look < 5; look++)
        {
            Look(probe, 1_000_000 + (look * 1_000));
        }

        Assert.Equal(isKnown, probe.Known.ContainsKey(Source));
    }

    [Fact]
    public void A_group_that_never_committed_is_at_the_begin_of_its_sources()
    {
        using var probe = Probe(Upstream);
        broker.Offsets.Clear();
        Look(probe);
        Look(probe, 1_001_000);
        var before = probe.Known.ContainsKey(Source);
        // Retention took all of it away, and the other never had anything.
        broker.Begins[In0] = 5;
        broker.EndOffsets[In1] = 0;

        Look(probe, 1_002_000);
        Look(probe, 1_003_000);

        Assert.False(before);
        Assert.Equal(1_002_000, probe.Known[Source].ClockMs);
    }

    [Fact]
    public void A_chain_is_followed_upwards()
    {
        var chain = new SourceUpstream("writers", [new UpstreamSource(
            "in", new SourceUpstream("first", [new UpstreamSource("raw")]))]);
        using var probe = Probe(chain);
        var raw = new TopicPartition("raw", 0);
        broker.EndOffsets[raw] = 3;
        broker.Offsets[("first", raw)] = 2;
        Look(probe);
        Look(probe, 1_001_000);
        var held = probe.Held["source"];
        broker.Offsets[("first", raw)] = 3;
        (broker.EndOffsets[In0], broker.Offsets[("writers", In0)]) = (7, 6);
        Look(probe, 1_002_000);
        Look(probe, 1_003_000);
        var next = probe.Held["source"];
        broker.Offsets[("writers", In0)] = 7;

        Look(probe, 1_004_000);

        Assert.Equal("group first has committed raw-0 up to 2 of 3", held);
        Assert.Equal("group writers has committed in-0 up to 6 of 7", next);
        Assert.Equal(1_002_000, probe.Known[Source].ClockMs);
    }

    /// <summary>Else two topics that feed each other would wait for each other for good.</summary>
    [Fact]
    public void A_chain_that_comes_back_to_a_topic_takes_that_by_its_end()
    {
        var back = new SourceUpstream("readers", [new UpstreamSource("source", Upstream)]);
        using var probe = Probe(new SourceUpstream("writers", [new UpstreamSource("in", back)]));
        broker.Offsets[("readers", Source)] = 10;

        Look(probe);
        Look(probe, 1_001_000);
        Look(probe, 1_002_000);

        Assert.Equal(1_000_000, probe.Known[Source].ClockMs);
    }

    [Fact]
    public void Traffic_that_never_pauses_starves_no_round()
    {
        using var probe = Probe(Upstream);
        var known = new List<long>();

        for (var look = 0; look < 100; look++)
        {
            // The group is always three looks behind.
            broker.EndOffsets[In0] = 100 + (look * 10);
            broker.Offsets[("writers", In0)] = 100 + ((look - 3) * 10);
            Look(probe, 1_000_000 + (look * 1_000));
            known.Add(probe.Known.TryGetValue(Source, out var end) ? end.ClockMs : 0);
        }

        Assert.All(known.Skip(5).Select((ms, index) => 1_005_000 + (index * 1_000) - ms),
            lag => Assert.InRange(lag, 1, 4_000));
    }

    [Fact]
    public void An_upstream_that_stands_still_keeps_a_few_rounds_and_its_first_ends_go_through_when_it_goes_on()
    {
        using var probe = Probe(Upstream);
        broker.Offsets[("writers", In0)] = 0;
        for (var look = 0; look < 1_000; look++)
        {
            Look(probe, 1_000_000 + (look * 1_000));
            broker.EndOffsets[In0]++;
        }
        broker.Asked.Clear();
        broker.Offsets[("writers", In0)] = 5;

        Look(probe, 2_000_000);

        Assert.Equal(1_000_000, probe.Known[Source].ClockMs);
        Assert.Equal(3, broker.Asked.Count);
    }

    [Fact]
    public void A_group_that_may_not_be_asked_holds_what_it_writes_and_nothing_else()
    {
        broker.Refused.Add("writers");
        var other = new TopicPartition("other", 0);
        broker.EndOffsets[other] = 1;
        using var probe = Probe(Upstream, others: "other");

        Look(probe);
        Look(probe, 1_001_000);

        Assert.Equal(1_001_000, probe.Known[other].ClockMs);
        Assert.False(probe.Known.ContainsKey(Source));
        Assert.Equal("group writers cannot be asked how far it is: Broker: Group authorization failed",
            probe.Held["source"]);
    }

    [Fact]
    public void A_partition_whose_leader_is_away_holds_itself_and_no_other()
    {
        var other = new TopicPartition("other", 0);
        using var probe = Probe(null, others: "other");
        broker.EndOffsets.Remove(Source);
        broker.EndOffsets[other] = 1;

        Look(probe);

        Assert.Equal([other], probe.Known.Keys);
    }

    public void Dispose() => broker.Dispose();

    private void Look(WatermarkProbe probe, long? clockMs = null)
    {
        broker.ClockMs = clockMs ?? broker.ClockMs;
        probe.Look(broker, broker.Group);
    }

    private WatermarkProbe Probe(SourceUpstream? upstream, WatermarkRules? rules = null, params string[] others)
    {
        var builder = new TopologyBuilder().UseWatermarks()
            .AddSource("source", "source", Serdes.Utf8, Serdes.Utf8, new SourceOptions { Upstream = upstream })
            .AddSink("copy", "out", Serdes.Utf8, Serdes.Utf8, new SinkOptions(), "source");
        foreach (var other in others)
        {
            builder.AddSource(other, other, Serdes.Utf8, Serdes.Utf8)
                .AddSink($"{other}-copy", $"{other}-out", Serdes.Utf8, Serdes.Utf8, new SinkOptions(), other);
        }
        var counts = new Dictionary<string, int> { ["source"] = 1, ["in"] = 2, ["raw"] = 1, ["other"] = 1 };
        var time = new BrokerTime(clock);
        return new WatermarkProbe(
            WatermarkPlan.Of(builder.Build(), "app", counts),
            () => [Source, .. others.Select(o => new TopicPartition(o, 0))], time,
            new ClockReader(broker, "client", "app-clock", time), rules ?? WatermarkRules.Sound);
    }
}
