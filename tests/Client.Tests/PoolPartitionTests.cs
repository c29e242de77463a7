using Alloc.Client;

namespace Client.Tests;

/// <summary>The keys are those of Kafka's own UtilsTest, whose hashes are known.</summary>
public sealed class PoolPartitionTests
{
    [Theory]
    [InlineData("21", 340)]
    [InlineData("foobar", 166)]
    [InlineData("a-little-bit-long-string", 112)]
    [InlineData("a-little-bit-longer-string", 819)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 677)]
    public void Pools_lie_where_Java_clients_put_their_keys(string poolId, int expected) =>
        Assert.Equal(expected, PoolPartition.Of(poolId, 1_000));

    [Theory]
    [InlineData("$partition/2", 4, 2)]
    [InlineData("$partition/0", 1, 0)]
    public void What_belongs_to_no_pool_lies_in_the_partition_that_it_names(string name, int count, int expected)
    {
        Assert.Equal(expected, PoolPartition.Of(name, count));
        Assert.Equal(name, PoolPartition.PoolOf(expected));
    }

    [Theory]
    [InlineData("$partition/4")]
    [InlineData("$partition/-1")]
    [InlineData("$partition/x")]
    public void A_name_of_no_partition_is_a_key_like_others(string name) =>
        Assert.InRange(PoolPartition.Of(name, 4), 0, 3);

    [Fact]
    public void There_is_no_partition_among_none() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PoolPartition.Of("p", 0));
}
