using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>samples/alloc-client runs against <c>alloc dev</c> as its README says.</summary>
public sealed class AllocClientSampleTests(SharedDev dev)
{
    [Fact]
    public async Task The_box_office_sells_two_seats_and_refuses_a_thousand_and_again_is_answered_the_same()
    {
        var first = await RunAsync();
        var second = await RunAsync();

        Assert.Equal(
            """
            order-1: 2 seats are held
            order-1: sold
            order-1-party: no, InsufficientAvailability
            available: 98
            opera#3 Held
            opera#4 Confirmed
            """, first.Out);
        Assert.Equal(first.Out, second.Out);
    }

    private async Task<ProcessResult> RunAsync()
    {
        var result = await SampleProgram.RunAsync(
            "alloc-client", "alloc-client-sample", dev.Deployment.Bootstrap, dev.Deployment.Registry, "order-1");
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }
}
