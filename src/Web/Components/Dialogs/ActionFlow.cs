using Microsoft.Extensions.Localization;
using MudBlazor;
using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Dialogs;

/// <summary>From the button to the result: asks, acts, and says what came of it.</summary>
internal sealed class ActionFlow(IDialogService dialogs, ISnackbar snackbar, WorkloadActions actions, IStringLocalizer<Text> text)
{
    /// <returns>True when it was confirmed and done to every workload.</returns>
    public async Task<bool> RunAsync(WorkloadAction action, IReadOnlyList<WorkloadKey> keys)
    {
        var dialog = await dialogs.ShowAsync<ActionDialog>(
            text[$"{action}.Do"],
            new DialogParameters<ActionDialog> { { d => d.Action, action }, { d => d.Keys, keys } }).ConfigureAwait(true);
        if (await dialog.Result.ConfigureAwait(true) is not { Canceled: false })
        {
            return false;
        }

        try
        {
            var results = await actions.RunAsync(action, keys, CancellationToken.None).ConfigureAwait(true);
            var done = results.Count(result => result.Problem is null);
            if (done > 0)
            {
                snackbar.Add(done == 1 && keys.Count == 1 ? text[$"{action}.DoneOne", keys[0].Name] : text[$"{action}.DoneMany", done], Severity.Success);
            }

            foreach (var result in results.Where(result => result.Problem is not null).Take(3))
            {
                snackbar.Add(text["Action.Failed", result.Key.Name, result.Problem!], Severity.Error, options => options.RequireInteraction = true);
            }

            return done == keys.Count;
        }
        catch (UnauthorizedAccessException)
        {
            snackbar.Add(text["Forbidden.Title"].Value + ". " + text["Forbidden.Text"].Value, Severity.Error);
            return false;
        }
    }
}
