using System.Buffers.Text;
using System.Text;
using Runner.Engine.Clusters;

namespace Runner.Tests.Engine.Clusters;

public sealed class PodAccountTests
{
    [Theory]
    [InlineData("""{"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:ai:runner-1"}""", "system:serviceaccount:ai:runner-1")]
    [InlineData("""{"sub":7}""", "")]
    [InlineData("""{"iss":"x"}""", "")]
    [InlineData("""["sub"]""", "")]
    [InlineData("""{"sub":""", "")]
    public void The_account_of_a_pod_is_the_subject_of_its_token(string claims, string account) =>
        Assert.Equal(account, PodAccount.Of($"eyJhbGciOiJSUzI1NiJ9.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.c2ln\n"));

    [Theory]
    [InlineData("")]
    [InlineData("an-opaque-token")]
    [InlineData("a.!!.c")]
    public void What_is_no_token_tells_none(string token) => Assert.Equal("", PodAccount.Of(token));
}
