using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Runner.Web.Components.Dialogs;

/// <summary>Asks one reader one thing at a time: a button that is pressed again before its dialog is there opens no second one.</summary>
internal sealed class Questions(IDialogService dialogs)
{
    private bool _asking;

    /// <returns>Null when it was cancelled, or when something else is being asked.</returns>
    public async Task<DialogResult?> AskAsync<TDialog>(string? title, DialogParameters parameters)
        where TDialog : IComponent
    {
        if (_asking)
        {
            return null;
        }

        _asking = true;
        try
        {
            var dialog = await dialogs.ShowAsync<TDialog>(title, parameters).ConfigureAwait(true);
            return await dialog.Result.ConfigureAwait(true) is { Canceled: false } answer ? answer : null;
        }
        finally
        {
            _asking = false;
        }
    }

    /// <summary>Shows something that wants no answer, whatever else is open, until it is closed.</summary>
    public async Task ShowAsync<TDialog>(DialogParameters parameters)
        where TDialog : IComponent
    {
        var dialog = await dialogs.ShowAsync<TDialog>(null, parameters).ConfigureAwait(true);
        await dialog.Result.ConfigureAwait(true);
    }
}
