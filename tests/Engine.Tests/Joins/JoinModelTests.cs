using Alloc.Engine.Joins;
using Engine.Tests.Support;

namespace Engine.Tests.Joins;

/// <summary>Joins against a naive model, history by history; faults that are planted are caught by them.</summary>
public sealed class JoinModelTests
{
    private const int HistoryCount = 4_000;

    /// <summary>Of so many histories one must tell of a fault.</summary>
    private const int HistoriesForAFault = 200;

    [Fact]
    public void Random_histories_of_random_joins_go_as_the_naive_model_says()
    {
        Parallel.For(0, HistoryCount, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            using var history = JoinHistory.Of(seed);
            history.Run();
        });
    }

    [Theory]
    [InlineData(nameof(JoinFault.EmitsUnmatchedAtOnce))]
    [InlineData(nameof(JoinFault.ClosesBeforeGrace))]
    [InlineData(nameof(JoinFault.ForgetsWhatLeft))]
    [InlineData(nameof(JoinFault.SkipsChunksOfBothSides))]
    public void A_fault_that_is_planted_into_a_join_is_caught_within_a_few_histories(string fault) => AssertCaught(
        seed => JoinHistory.Of(seed, Enum.Parse<JoinFault>(fault)));

    [Theory]
    [InlineData(PlantedFault.ClosesByTheFastestPartition)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging)]
    [InlineData(PlantedFault.TrustsACachedEnd)]
    [InlineData(PlantedFault.WaitsForEverySource)]
    [InlineData(PlantedFault.ForgetsItsWatermarkOnRestart)]
    public void A_fault_that_is_planted_into_watermarks_is_caught_within_a_few_histories(PlantedFault fault) =>
        AssertCaught(seed => JoinHistory.Of(seed, watermarkFault: fault));

    private static void AssertCaught(Func<int, JoinHistory> begin) => Assert.Contains(
        Enumerable.Range(0, HistoriesForAFault), seed =>
        {
            using var history = begin(seed);
            try
            {
                history.Run();
                return false;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return true;
            }
        });
}
