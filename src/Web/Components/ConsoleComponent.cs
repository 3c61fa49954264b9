using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Runner.Web.Components;

/// <summary>
/// What every component is: drawn in its reader's language, whoever brings what changed. An event of the engine, or an act of somebody else, arrives on a thread that speaks another language
/// or none, and a dispatcher takes that over.
/// </summary>
public abstract class ConsoleComponent : ComponentBase
{
    private readonly CultureInfo _culture = CultureInfo.CurrentCulture;
    private readonly CultureInfo _language = CultureInfo.CurrentUICulture;

    /// <inheritdoc cref="ComponentBase.InvokeAsync(Action)"/>
    protected new Task InvokeAsync(Action work) => base.InvokeAsync(() =>
    {
        var (culture, language) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        Speak(_culture, _language);
        try
        {
            work();
        }
        finally
        {
            Speak(culture, language);
        }
    });

    /// <inheritdoc cref="ComponentBase.InvokeAsync(Func{Task})"/>
    protected new Task InvokeAsync(Func<Task> work) => base.InvokeAsync(async () =>
    {
        // Of this method and what it awaits alone: the caller keeps his own.
        Speak(_culture, _language);
        await work().ConfigureAwait(true);
    });

    /// <summary>Does something and draws the component anew.</summary>
    protected Task RedrawAsync(Action work) => InvokeAsync(() =>
    {
        work();
        StateHasChanged();
    });

    private static void Speak(CultureInfo culture, CultureInfo language) => (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, language);
}
