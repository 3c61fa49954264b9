using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Dialogs;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed class QuestionsTests
{
    [Fact]
    public async Task A_button_that_is_pressed_twice_asks_once_and_acts_once()
    {
        await using var context = new ConsoleContext();
        var flow = context.Services.GetRequiredService<ActionFlow>();
        var dialogs = context.Dialogs;
        var first = dialogs.InvokeAsync(() => flow.RunAsync(WorkloadAction.Stop, Samples.Key("web")));
        Assert.False(await dialogs.InvokeAsync(() => flow.RunAsync(WorkloadAction.Stop, Samples.Key("web"))));
        Assert.Single(dialogs.FindAll(".mud-dialog"));

        await dialogs.Find("[data-cancel]").ClickAsync(new());
        Assert.False(await first);
        Assert.Empty(context.Engine.Done);

        // What was answered is asked again.
        var next = dialogs.InvokeAsync(() => flow.RunAsync(WorkloadAction.Stop, Samples.Key("web")));
        await dialogs.Find(".mud-dialog-actions button:last-child").ClickAsync(new());
        Assert.True(await next);
        Assert.Single(context.Engine.Done);
    }
}
