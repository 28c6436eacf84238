//! Always: what is missed comes in. The yardstick, as if there were no admission policy.

use cache::prelude::*;

cache::admission! {
    #[doc = "Lets everything in"]
    Always = "always" {
        aliases: [],
        paper: ("What a cache without admission control does", "folklore", ""),
    }
}

/// There are no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Always;

impl Admission for Always {
    type Params = Params;

    fn new(_setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Always)
    }

    fn admits(&mut self, _request: &Request, _residents: &Residents) -> bool {
        true
    }

    fn state_bytes(&self) -> usize {
        0
    }
}
