using Alloc.Cli.Replay;

namespace EndToEnd.Tests.Replay;

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
}
