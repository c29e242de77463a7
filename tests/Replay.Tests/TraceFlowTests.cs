using Alloc.Replay;

namespace Replay.Tests;

public sealed class TraceFlowTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(15);

    [Fact]
    public void A_pod_takes_all_of_its_shares_and_gives_all_of_them_back()
    {
        var cluster = new Cluster();

        Walk(Openb(), cluster);

        Assert.All(cluster.InUse, p => Assert.Equal(0, p.Value));
        Assert.Equal(["cpu-milli 1000", "gpu-milli 2000", "memory-mib 900"],
            cluster.Peak.OrderBy(p => p.Key).Select(p => $"{p.Key["cluster/".Length..]} {p.Value}"));
        Assert.Contains(
            cluster.Sent, s => s is ReplayIntent.Release { Why: "withdrawn" } r && r.ReservationId == "pod-3");
    }

    [Fact]
    public void Where_one_share_is_refused_the_others_are_released_as_a_group()
    {
        var cluster = new Cluster();

        var flow = Walk(Openb(), cluster);

        var refused = cluster.Sent.Where(s => s.CommandId.Contains("/pod-2/", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, refused.OfType<ReplayIntent.Hold>().Count(h => h.GroupId == "pod-2"));
        Assert.Equal(3, refused.OfType<ReplayIntent.Release>().Count(r => r.Why == "GroupAborted" && r.IsWhole));
        Assert.DoesNotContain(refused, s => s is ReplayIntent.Confirm or ReplayIntent.Consume);
        Assert.Equal(1, flow.Counts().Single(c => c.Key == "itemsRefused").Value);
    }

    [Fact]
    public void What_is_preempted_in_one_pool_is_released_in_the_others_and_never_used()
    {
        var cluster = new Cluster();
        var flow = new TraceFlow(Openb(), "t", Ttl, cluster.Send);
        while (!cluster.Sent.OfType<ReplayIntent.Confirm>().Any(c => c.ReservationId == "pod-1"))
        {
            flow.Advance();
        }

        flow.Lose(OpenbTrace.GpuPool, "pod-1");
        flow.Lose(OpenbTrace.GpuPool, "a pod of somebody else");
        Finish(flow);

        var lost = cluster.Sent.Where(s => s.CommandId.Contains("/pod-1/", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, lost.OfType<ReplayIntent.Release>().Count());
        Assert.DoesNotContain(lost, s => s is ReplayIntent.Consume);
        Assert.Equal(1, flow.Counts().Single(c => c.Key == "itemsLostLater").Value);
    }

    [Fact]
    public void No_command_id_is_used_twice()
    {
        var cluster = new Cluster();

        Walk(Openb(), cluster);
        Walk(Llm(), cluster);

        Assert.Equal(cluster.Sent.Count, cluster.Sent.DistinctBy(s => s.CommandId).Count());
    }

    [Fact]
    public void A_request_confirms_what_it_needed_and_gives_it_back()
    {
        var fleet = new Cluster();

        Walk(Llm(), fleet);

        Assert.Equal([418L, 1_396, 934], fleet.Sent.OfType<ReplayIntent.Confirm>()
            .OrderBy(c => c.ReservationId, StringComparer.Ordinal).Select(c => c.Total));
        Assert.All(fleet.InUse, p => Assert.Equal(0, p.Value));
        Assert.All(fleet.Sent.OfType<ReplayIntent.Hold>(), h => Assert.Contains(h.Channel, new[] { "chat", "batch" }));
    }

    [Fact]
    public void A_command_about_an_item_waits_for_the_answer_to_the_one_before_it()
    {
        var cluster = new Cluster { IsSilent = true };
        var flow = new TraceFlow(Openb(), "t", Ttl, cluster.Send);
        while (!flow.IsAtEnd)
        {
            flow.Advance();
        }

        Assert.All(cluster.Sent, s => Assert.True(
            s is ReplayIntent.Hold or ReplayIntent.Configure or ReplayIntent.OpeningStock));

        cluster.AnswerAll();

        Assert.All(cluster.InUse, p => Assert.Equal(0, p.Value));
    }

    private static TracePlan Openb() => OpenbTrace.Plan(
        new StringReader(TraceSample.Pods), new StringReader(TraceSample.Nodes), null, _ => { });

    private static TracePlan Llm() => new LlmTrace(1).Plan(new StringReader(TraceSample.Requests), null, _ => { });

    private static TraceFlow Walk(TracePlan plan, Cluster cluster)
    {
        var flow = new TraceFlow(plan, "t", Ttl, cluster.Send);
        Finish(flow);
        return flow;
    }

    private static void Finish(TraceFlow flow)
    {
        while (!flow.IsAtEnd)
        {
            flow.Advance();
        }
    }

    /// <summary>Grants while there is room, in the order of the commands.</summary>
    private sealed class Cluster
    {
        private readonly Dictionary<string, long> capacity = [];
        private readonly Dictionary<(string Pool, string Id), long> taken = [];
        private readonly Queue<(ReplayIntent Intent, Action<ReplayAnswer> Answer)> open = new();

        public bool IsSilent { get; init; }

        public List<ReplayIntent> Sent { get; } = [];

        public Dictionary<string, long> InUse { get; } = [];

        public Dictionary<string, long> Peak { get; } = [];

        public void Send(ReplayIntent intent, Action<ReplayAnswer> answer)
        {
            Sent.Add(intent);
            if (IsSilent)
            {
                open.Enqueue((intent, answer));
            }
            else
            {
                answer(new ReplayAnswer(Apply(intent)));
            }
        }

        public void AnswerAll()
        {
            while (open.TryDequeue(out var next))
            {
                next.Answer(new ReplayAnswer(Apply(next.Intent)));
            }
        }

        private bool Apply(ReplayIntent intent)
        {
            var pool = intent.PoolId;
            switch (intent)
            {
                case ReplayIntent.OpeningStock opening:
                    capacity[pool] = opening.Quantity;
                    return true;
                case ReplayIntent.Hold hold:
                    var (id, quantity) = hold.Lines.Single();
                    return InUse.GetValueOrDefault(pool) + quantity <= capacity[pool] && Set(pool, id, quantity);
                case ReplayIntent.Confirm confirm:
                    return taken.ContainsKey((pool, confirm.ReservationId))
                        && Set(pool, confirm.ReservationId, confirm.Total);
                case ReplayIntent.Release release:
                    return Set(pool, release.ReservationId, 0);
                case ReplayIntent.Return returned:
                    return Set(pool, returned.ReservationId, 0);
                default:
                    return true;
            }
        }

        private bool Set(string pool, string id, long quantity)
        {
            InUse[pool] = InUse.GetValueOrDefault(pool) + quantity - taken.GetValueOrDefault((pool, id));
            Peak[pool] = Math.Max(Peak.GetValueOrDefault(pool), InUse[pool]);
            taken[(pool, id)] = quantity;
            return true;
        }
    }
}
