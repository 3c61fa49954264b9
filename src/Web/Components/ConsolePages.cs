using System.Globalization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Localization;
using MudBlazor;
using MudBlazor.Services;
using Runner.Engine.Values;
using Runner.Web.Components.Dialogs;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Components.Models.Operations;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Identity;
using Runner.Web.Identity.SignIn;
using Runner.Web.Live;
using Runner.Web.Live.Vitals;

namespace Runner.Web.Components;

/// <summary>Registers and maps the console's pages.</summary>
internal static class ConsolePages
{
    /// <summary>The languages of the console; the first one is spoken to whoever asks for another.</summary>
    public static IReadOnlyList<CultureInfo> Cultures { get; } = [new("en"), new("zh-Hans")];

    /// <summary>Adds pages, their view models and what keeps them live.</summary>
    public static IServiceCollection AddConsolePages(this IServiceCollection services)
    {
        services.AddLocalization();
        services.Configure<RequestLocalizationOptions>(options =>
        {
            options.DefaultRequestCulture = new RequestCulture(Cultures[0]);
            options.SupportedCultures = [.. Cultures];
            options.SupportedUICultures = [.. Cultures];
        });
        services.AddRazorComponents()
            // A browser that cannot keep up gets fewer, newer pictures instead of a queue of old ones.
            .AddInteractiveServerComponents(circuit => circuit.MaxBufferedUnacknowledgedRenderBatches = 3)
            // The editor of the configuration sends a whole values file when one is pasted into it.
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = 3 * ValuesDocument.MaxLength);
        services.AddSignalR(options =>
        {
            // A dead line is noticed within seconds on both ends, instead of half a minute.
            options.KeepAliveInterval = TimeSpan.FromSeconds(3);
            options.ClientTimeoutInterval = TimeSpan.FromSeconds(15);
        });
        services.AddMudServices(options =>
        {
            options.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomRight;
            options.SnackbarConfiguration.VisibleStateDuration = 6000;
            options.SnackbarConfiguration.ShowTransitionDuration = 120;
            options.SnackbarConfiguration.HideTransitionDuration = 120;
        });
        services.AddSingleton<IConsoleEngine, ConsoleEngine>();
        services.AddSingleton<LivePace>();
        services.AddScoped<LiveFeed>();
        services.AddScoped<WorkloadActions>();
        services.AddScoped<ActionGate>();
        services.AddScoped<ConnectionActions>();
        services.AddScoped<HubActions>();
        services.AddScoped<DiagnosticsActions>();
        services.AddScoped<InstallActions>();
        services.AddScoped<ConfigurationActions>();
        services.AddScoped<WorkloadTexts>();
        services.AddScoped<ReasonTexts>();
        services.AddScoped<Questions>();
        services.AddScoped<ActionFlow>();
        services.AddTransient<LogCollectionModel>();
        services.AddSingleton<OpenCircuits>();
        services.AddSingleton<CircuitHandler>(provider => provider.GetRequiredService<OpenCircuits>());
        services.AddSingleton<IVitals, VitalsReader>();
        services.AddTransient<RunnerHealthModel>();
        services.AddTransient<LogHistoryModel>();
        services.AddScoped<AccessFlow>();
        services.AddScoped<ConfigurationFlow>();
        return services;
    }

    /// <summary>Maps the pages and the language switch. Comes after authentication and authorisation.</summary>
    public static WebApplication MapConsolePages(this WebApplication app)
    {
        app.UseAntiforgery();
        app.MapGet("/language/{culture}", ChooseLanguage).AllowAnonymous();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode().RequireAuthorization(ConsolePolicies.Viewer);
        return app;
    }

    private static IResult ChooseLanguage(HttpContext context, string culture, string? returnUrl)
    {
        var known = Cultures.FirstOrDefault(c => c.Name.Equals(culture, StringComparison.OrdinalIgnoreCase)) ?? Cultures[0];
        context.Response.Cookies.Append(
            CookieRequestCultureProvider.DefaultCookieName,
            CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(known)),
            new CookieOptions { MaxAge = TimeSpan.FromDays(365), SameSite = SameSiteMode.Lax, HttpOnly = true, Secure = context.Request.IsHttps, IsEssential = true });

        // Only back into the console: an address from outside must not become a redirect.
        return Results.LocalRedirect(LocalUrl.OrHome(returnUrl));
    }
}
