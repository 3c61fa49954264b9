using Microsoft.AspNetCore.Http.HttpResults;
using Runner.Web.Identity.Pages;

namespace Runner.Web.Identity.SignIn;

/// <summary>The pages of whoever is not signed in yet, as answers.</summary>
internal static class SignInPages
{
    /// <param name="wait">What is left of a pause.</param>
    public static RazorComponentResult<SignInPage> Password(string returnUrl, SignInProblem problem = SignInProblem.None, string user = "", string? link = null, TimeSpan wait = default) =>
        new(new Dictionary<string, object?>
        {
            [nameof(SignInPage.ReturnUrl)] = returnUrl,
            [nameof(SignInPage.Link)] = link,
            [nameof(SignInPage.Problem)] = problem,
            [nameof(SignInPage.User)] = user,
            [nameof(SignInPage.Wait)] = wait,
        })
        { StatusCode = StatusOf(problem) };

    /// <param name="pending">From <see cref="SecondStep.Begin"/>.</param>
    public static RazorComponentResult<CodePage> Code(string returnUrl, string pending, SignInProblem problem = SignInProblem.None, TimeSpan wait = default) =>
        new(new Dictionary<string, object?>
        {
            [nameof(CodePage.ReturnUrl)] = returnUrl,
            [nameof(CodePage.Pending)] = pending,
            [nameof(CodePage.Problem)] = problem,
            [nameof(CodePage.Wait)] = wait,
        })
        { StatusCode = StatusOf(problem) };

    public static RazorComponentResult<PasswordPage> NewPassword(string link, SignInProblem problem = SignInProblem.None, bool done = false) =>
        new(new Dictionary<string, object?> { [nameof(PasswordPage.Link)] = link, [nameof(PasswordPage.Problem)] = problem, [nameof(PasswordPage.Done)] = done })
        { StatusCode = StatusOf(problem) };

    /// <summary>Tells that the session here has ended and leads on to the provider, where it goes on. A page and not a redirect: the browser counts a redirect as the form's, which may lead nowhere else.</summary>
    public static RazorComponentResult<SignedOutPage> SignedOut(string next) =>
        new(new Dictionary<string, object?> { [nameof(SignedOutPage.Next)] = next });

    /// <summary>Asks whether to sign out.</summary>
    /// <param name="fields">What is sent along with the answer.</param>
    public static RazorComponentResult<SignOutPage> SignOut(string user, IReadOnlyList<KeyValuePair<string, string>> fields) =>
        new(new Dictionary<string, object?> { [nameof(SignOutPage.User)] = user, [nameof(SignOutPage.Fields)] = fields });

    public static IResult TooMany(TimeSpan wait) => Password(LocalUrl.Home, SignInProblem.TooMany, wait: wait);

    private static int StatusOf(SignInProblem problem) => problem switch
    {
        SignInProblem.None => StatusCodes.Status200OK,
        SignInProblem.TooMany => StatusCodes.Status429TooManyRequests,
        SignInProblem.NoRole or SignInProblem.Disabled => StatusCodes.Status403Forbidden,
        SignInProblem.ProviderDown => StatusCodes.Status502BadGateway,
        _ => StatusCodes.Status400BadRequest,
    };
}
