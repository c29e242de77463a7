using Alloc.Engine.State;

namespace Engine.Tests.State;

public sealed class EmptyRangesTests
{
    [Fact]
    public void A_key_inside_a_range_leads_to_its_end()
    {
        var ranges = new EmptyRanges();
        ranges.Add([10], [20]);

        Assert.Null(ranges.EndOf([9]));
        Assert.Equal([20], ranges.EndOf([10]));
        Assert.Equal([20], ranges.EndOf([19, 255]));
        Assert.Null(ranges.EndOf([20]));
    }

    [Fact]
    public void Ranges_that_meet_or_overlap_are_one()
    {
        var ranges = new EmptyRanges();
        ranges.Add([10], [20]);
        ranges.Add([30], [40]);
        ranges.Add([20], [25]);
        ranges.Add([24], [31]);

        Assert.Equal(1, ranges.Count);
        Assert.Equal([40], ranges.EndOf([10]));
    }

    [Fact]
    public void A_key_that_gets_a_value_divides_its_range()
    {
        var ranges = new EmptyRanges();
        ranges.Add([10], [20]);

        ranges.Fill([15]);

        Assert.Equal([15], ranges.EndOf([10]));
        Assert.Null(ranges.EndOf([15]));
        Assert.Equal([20], ranges.EndOf([15, 0]));
    }

    [Fact]
    public void A_key_at_the_edge_of_a_range_makes_it_smaller()
    {
        var ranges = new EmptyRanges();
        ranges.Add([10], [11]);
        ranges.Add([12], [12, 0]);

        ranges.Fill([10]);
        ranges.Fill([12]);

        Assert.Null(ranges.EndOf([10]));
        Assert.Equal([11], ranges.EndOf([10, 0]));
        Assert.Null(ranges.EndOf([12]));
        Assert.Equal(1, ranges.Count);
    }

    [Fact]
    public void Only_so_many_ranges_are_remembered()
    {
        var ranges = new EmptyRanges();
        for (var index = 0; index < 200; index++)
        {
            ranges.Add([(byte)index, 1], [(byte)index, 2]);
        }

        Assert.Equal(EmptyRanges.Limit, ranges.Count);
    }
}
