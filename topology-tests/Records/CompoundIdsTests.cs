using Alloc.Processors.Records;

namespace Topology.Tests.Records;

/// <summary>Ids made of two: no other two make the same, and those without a slash are as they always were.</summary>
public sealed class CompoundIdsTests
{
    [Theory]
    [InlineData("concert", "order-1", "concert/order-1")]
    [InlineData("concert", "o-1/1", "concert/o-1/1")]
    [InlineData("a", "b/c", "a/b/c")]
    [InlineData("a/b", "c", "a/b//c")]
    [InlineData("parts/gearbox", "o-1/1", "parts/gearbox//o-1/1")]
    [InlineData("a/", "b", "/2/a//b")]
    [InlineData("a", "/b", "/1/a//b")]
    [InlineData("a//b", "c", "/4/a//b/c")]
    [InlineData("a", "b//c", "/1/a/b//c")]
    [InlineData("/", "/", "/1////")]
    public void Two_ids_are_joined_so(string first, string second, string joined)
    {
        Assert.Equal(joined, CompoundIds.Join(first, second));
        Assert.Equal(second, CompoundIds.SecondOf(joined, first));
        Assert.InRange(joined.Length, 0, first.Length + 1 + second.Length + CompoundIds.MostAdded);
    }

    [Theory]
    [InlineData("concert", "wms", "concert/wms")]
    [InlineData("parts/gearbox", "wms-north", "parts/gearbox/wms-north")]
    [InlineData("a/b", "c", "a/b/c")]
    [InlineData("a", "b/c", "/1/a/b/c")]
    [InlineData("/a", "b", "/2//a/b")]
    [InlineData("a//b", "c", "a//b/c")]
    public void An_id_and_a_name_are_joined_so(string id, string name, string joined) =>
        Assert.Equal(joined, CompoundIds.JoinName(id, name));

    [Fact]
    public void No_two_pairs_make_the_same()
    {
        var texts = Texts("ab1/", 4).Where(t => t.Length > 0).ToList();
        var joined = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        var named = new Dictionary<string, (string, string)>(StringComparer.Ordinal);

        foreach (var (first, second) in texts.SelectMany(f => texts.Select(s => (f, s))))
        {
            var pair = (first, second);
            Assert.True(joined.TryAdd(CompoundIds.Join(first, second), pair), $"{pair}");
            Assert.True(named.TryAdd(CompoundIds.JoinName(first, second), pair), $"{pair}");
            if (!first.Contains('/') && !second.Contains('/'))
            {
                Assert.Equal(pair, joined[$"{first}/{second}"]);
                Assert.Equal(pair, named[$"{first}/{second}"]);
            }
        }
    }

    [Fact]
    public void The_longest_are_no_longer_than_their_bound()
    {
        var id = '/' + new string('x', TextBounds.Id - 1);

        Assert.Equal(
            TextBounds.CompoundId,
            $"{CompoundIds.JoinName(id, id)}/{long.MaxValue}-{long.MaxValue}".Length);
    }

    private static IEnumerable<string> Texts(string letters, int most) => most == 0 ? [""]
        : Texts(letters, most - 1).SelectMany(t => letters.Select(l => t + l).Prepend(t)).Distinct();
}
