using System.Text.Json.Nodes;
using Alloc.Cli.Commands.General;
using Spectre.Console;

namespace Cli.Tests;

/// <summary>Why an order is still pending, in words: what is not known is never told as a figure.</summary>
public sealed class WaitingOrderTests
{
    // With single quotes for double ones.
    private const string Known =
        "'owner': 'payments', 'waiting': 4, 'departuresPerSecond': 0.5, 'enteredBefore': 2, 'missing': [],";

    [Theory]
    [InlineData("all is known", Known, "waits for  payments: 2 of 4 entered before it, 0.5 leave a second")]
    [InlineData("partitions are missing",
        "'owner': 'payments', 'waiting': 4, 'departuresPerSecond': 0.5, 'enteredBefore': 2, 'missing': [1, 3],",
        "without    what waits in partitions 1, 3: not heard of for 15 s")]
    [InlineData("nobody counted", "'owner': 'payments', 'waiting': 4, 'departuresPerSecond': 0.5,",
        "waits for  payments: 4 wait, it is not known how many entered before it, 0.5 leave a second")]
    [InlineData("nobody answers", "'unknown': 'The owner does not answer.',",
        "waits for  not known: The owner does not answer.")]
    [InlineData("it leaves", Known + "'predicted': 'Leaves', 'predictedLeaveAt': '2026-01-02T03:04:05.000Z',",
        "predicted  to leave at 2026-01-02T03:04:05.000Z")]
    [InlineData("it stays", Known + "'predicted': 'Stays',", "predicted  to stay, at today's rates")]
    [InlineData("nothing is predicted", Known + "'predicted': 'Unknown',", "predicted  nothing yet")]
    [InlineData("the prediction is old", Known + "'predicted': 'Stays', 'predictedAt': '2026-01-02T03:00:30.000Z',",
        "predicted  to stay, at today's rates, as it was at 2026-01-02T03:00:30.000Z")]
    [InlineData("the prediction is new", Known + "'predicted': 'Stays', 'predictedAt': '2026-01-02T03:00:55.000Z',",
        "predicted  to stay, at today's rates\n")]
    public void A_stage_says_what_is_known_of_it(string what, string members, string said)
    {
        var order = new WaitingOrder(JsonNode.Parse($$"""
            {
              "workId": "o", "holds": [], "lastStage": null,
              "stages": [{
                {{members.Replace('\'', '"')}}
                "stageId": "AuthorizationPending", "attempt": 1, "standing": "Open", "ageSeconds": 60.0,
                "enteredAt": "2026-01-02T03:00:00.000Z", "dueAt": "2026-01-02T03:10:00.000Z", "slaMs": 600000,
                "overdue": false
              }]
            }
            """)!.AsObject());

        var text = Text(order);

        Assert.True(text.Contains($"  {said}", StringComparison.Ordinal), $"{what}: {text}");
    }

    private static string Text(WaitingOrder order)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = 1_000;
        order.Write(console);
        return writer.ToString();
    }
}
