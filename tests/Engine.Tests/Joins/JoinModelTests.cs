using Alloc.Engine.Joins;

namespace Engine.Tests.Joins;

public sealed class JoinModelTests
{
    private const int HistoryCount = 4_000;

    [Fact]
    public void Random_histories_of_random_joins_go_as_the_naive_model_says()
    {
        Parallel.For(0, HistoryCount, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            using var history = new JoinHistory(seed);
            history.Run();
        });
    }

    [Theory]
    [InlineData(nameof(JoinFault.EmitsUnmatchedAtOnce))]
    [InlineData(nameof(JoinFault.ClosesBeforeGrace))]
    [InlineData(nameof(JoinFault.ForgetsWhatLeft))]
    public void A_fault_that_is_planted_is_caught_within_a_few_histories(string fault)
    {
        Assert.Contains(Enumerable.Range(0, 200), seed =>
        {
            using var history = new JoinHistory(seed, Enum.Parse<JoinFault>(fault));
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
}
