using Alloc.Replay;
using Alloc.Tests.Support;

namespace Replay.Tests;

public sealed class RealFileTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_line_of_the_real_file_is_planned_or_refused_with_its_reason()
    {
        DataSet.SkipUnlessPresent();

        var plan = new ReplayPlanner(1).Plan(DataSet.OnlineRetail!, null, _ => { });

        output.WriteLine(string.Join('\n', plan.Rejected.Select(r => $"{r.Key} {r.Value}")));
        output.WriteLine(string.Join(
            '\n', plan.Steps.GroupBy(s => s.GetType().Name).Select(g => $"{g.Key} {g.Count()}")));
        output.WriteLine(string.Join('\n', plan.Sales.GroupBy(s => s.Fate).Select(g => $"{g.Key} {g.Count()}")));
        output.WriteLine($"orphans {plan.Steps.OfType<PlanStep.Return>().Count(r => r.Sale is null)}");
        Assert.Equal(541_909, plan.LineCount);
        Assert.Equal(plan.Sales.Count, plan.Steps.OfType<PlanStep.Hold>().Sum(h => h.Sales.Count));
        Assert.Equal(plan.Sales.Count, plan.Sales.DistinctBy(s => s.Line.ReservationId).Count());
        Assert.True(plan.Rejected.Values.Sum() < 6_000);
        Assert.InRange(plan.Steps.OfType<PlanStep.OpenPool>().Count(), 3_900, 4_070);
    }

    [Theory]
    [InlineData("openb_pods.csv", 8_152)]
    [InlineData("azure_llm_conv.csv.gz", 19_366)]
    public void Every_line_of_the_real_traces_is_planned_or_refused_with_its_reason(string fileName, long lines)
    {
        var path = DataSet.SkipUnlessPresent(fileName);
        var rejected = 0;

        var replay = ReplayFormats.Open(
            path, ReplayFormats.Auto, null, new ReplayOptions { Seed = 1 }, _ => rejected++);

        Assert.Equal(lines, replay.LineCount);
        Assert.Equal(rejected, replay.Rejected.Values.Sum());
        Assert.InRange(rejected, 0, lines / 100);
    }
}
