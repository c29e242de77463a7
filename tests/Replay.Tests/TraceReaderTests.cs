using Alloc.Replay;
using Alloc.Tests.Support;

namespace Replay.Tests;

public sealed class TraceReaderTests
{
    [Fact]
    public void Every_pod_is_either_read_or_refused_with_its_reason()
    {
        var rejects = new List<RejectedLine>();

        var plan = OpenbTrace.Plan(
            new StringReader(TraceSample.DirtyPods), new StringReader(TraceSample.Nodes), null, rejects.Add);

        Assert.Equal(["pod-0"], plan.Items.Select(i => i.Id));
        Assert.Equal(
            [
                RejectReason.WrongColumnCount, RejectReason.NoKey, RejectReason.BadQuantity, RejectReason.BadQuantity,
                RejectReason.UnknownClass, RejectReason.BadDate, RejectReason.EndsBeforeItBegins,
                RejectReason.SameKeyAgain,
            ],
            rejects.Select(r => r.Reason));
        Assert.Equal((3, "pod-1,400,300"), (rejects[0].Row, rejects[0].Text));
        Assert.Equal(9, plan.LineCount);
        Assert.Equal(8, plan.Rejected.Values.Sum());
    }

    [Fact]
    public void Pools_of_the_cluster_are_one_hundredth_of_its_nodes()
    {
        var plan = OpenbTrace.Plan(
            new StringReader(TraceSample.Pods), new StringReader(TraceSample.Nodes), null, _ => { });

        Assert.Equal(
            [
                new TracePool(OpenbTrace.CpuPool, "milli", 1_000), new TracePool(OpenbTrace.MemoryPool, "MiB", 1_000),
                new TracePool(OpenbTrace.GpuPool, "milli", 2_000),
            ],
            plan.Pools);
        Assert.Equal(new TraceShare(OpenbTrace.GpuPool, 1_000, 1_000), plan.Items[4].Shares[2]);
        Assert.Equal(2, plan.Items[3].Shares.Count);
        Assert.Null(plan.Items[3].ConfirmedAt);
    }

    [Fact]
    public void A_request_holds_its_context_and_the_longest_answer_and_needs_less()
    {
        var rejects = new List<RejectedLine>();

        var plan = new LlmTrace(1).Plan(new StringReader(TraceSample.Requests), null, rejects.Add);

        Assert.Equal([(1_374, 418), (1_396, 1_396), (1_879, 934)],
            plan.Items.Select(i => (i.Shares.Single().Held, i.Shares.Single().Used)));
        Assert.Equal(
            [
                RejectReason.WrongColumnCount, RejectReason.BadQuantity, RejectReason.BadQuantity,
                RejectReason.BadDate,
            ],
            rejects.Select(r => r.Reason));
        Assert.All(plan.Items, i => Assert.Contains(plan.Pools, p => p.Id == i.Shares.Single().Pool));
    }

    [Fact]
    public void A_limit_keeps_the_first_lines_and_changes_nothing_about_them()
    {
        var whole = new LlmTrace(1).Plan(new StringReader(TraceSample.Requests), null, _ => { });
        var part = new LlmTrace(1).Plan(new StringReader(TraceSample.Requests), 2, _ => { });

        Assert.Equal(2, part.LineCount);
        Assert.Equal(whole.Items.Take(2).Select(Describe), part.Items.Select(Describe));
    }

    [Theory]
    [InlineData("name,cpu\n", "the header must be name,cpu_milli")]
    [InlineData("", "the header must be name,cpu_milli")]
    public void Another_format_is_refused(string text, string said)
    {
        var e = Assert.Throws<InvalidDataException>(() => OpenbTrace.Plan(
            new StringReader(text), new StringReader(TraceSample.Nodes), null, _ => { }));

        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_format_is_told_by_the_first_line()
    {
        var folder = Directory.CreateTempSubdirectory("alloc-traces-").FullName;
        try
        {
            var options = new ReplayOptions { Seed = 1 };
            Replayable Open(string name, string text)
            {
                File.WriteAllText(Path.Combine(folder, name), text);
                return ReplayFormats.Open(
                    Path.Combine(folder, name), ReplayFormats.Auto, null, options, _ => { });
            }

            var alone = Assert.Throws<InvalidDataException>(() => Open("pods.csv", TraceSample.Pods));
            File.WriteAllText(Path.Combine(folder, OpenbTrace.NodesFile), TraceSample.Nodes);

            Assert.Contains(OpenbTrace.NodesFile, alone.Message, StringComparison.Ordinal);
            Assert.Equal("openb-1", Open("pods.csv", TraceSample.Pods).Run);
            Assert.Equal("azure-llm-1", Open("requests.csv", TraceSample.Requests).Run);
            Assert.Equal("retail-1", Open("retail.csv", RetailSample.Text(20)).Run);
            var other = Assert.Throws<InvalidDataException>(() => Open("other.csv", "a,b,c\n"));
            Assert.Contains("'a,b,c' is the header of no known format", other.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Describe(TraceItem item) => $"{item with { Shares = [] }} {string.Join(' ', item.Shares)}"
        .Replace(nameof(System), "", StringComparison.Ordinal);
}
