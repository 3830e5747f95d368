"""Lists of words that the world is made of: surnames, given names, places. Data only; `rddm.demo.wordlists` reads them."""
